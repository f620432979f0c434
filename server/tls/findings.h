/* What there is to say about a certificate before it is put in use: each finding has a
 * name, words and a remedy. No I/O and no clock. Used by admin. */
#ifndef TP_TLS_FINDINGS_H
#define TP_TLS_FINDINGS_H

#include <stdint.h>

#include "tls/upload.h"

enum tp_tls_severity {
	TP_TLS_NOTE = 0,
	TP_TLS_WARN = 1,   /* an administrator has to accept it by its name */
	TP_TLS_REFUSE = 2, /* cannot be put in use */
};

enum {
	TP_TLS_FINDINGS_MAX = 32,
	TP_TLS_FINDING_TEXT = 383, /* bytes */
	TP_TLS_SAN_LIMIT = 999,	   /* characters of all names; some peers refuse more */
	TP_TLS_SAN_TEXT = 271,	   /* bytes of one name with its kind */
	TP_TLS_PEM_LIMIT = 32768,  /* characters of a chain: certificate-pem of the model */
};

struct tp_tls_finding {
	const char *id; /* "key-mismatch": docs/api.md lists them */
	enum tp_tls_severity severity;
	char text[TP_TLS_FINDING_TEXT + 1];
	char remedy[TP_TLS_FINDING_TEXT + 1];
};
struct tp_tls_findings {
	size_t count;
	struct tp_tls_finding list[TP_TLS_FINDINGS_MAX];
};

/* Where the private key comes from, found out by the caller. */
enum tp_tls_key_found {
	TP_TLS_KEY_FITS = 0,
	TP_TLS_KEY_MISSING,	    /* no key was uploaded and no request is pending */
	TP_TLS_KEY_NOT_OF_REQUEST,  /* a request is pending, but for another key */
	TP_TLS_KEY_NOT_OF_UPLOAD,   /* the uploaded key is another one */
};

/* What a certificate is judged by. */
struct tp_tls_judgement {
	int64_t now; /* Unix time, seconds */
	bool server; /* it will be shown by servers, */
	bool client; /* or by clients, or both */
	enum tp_tls_key_found key;
	struct tp_span trusted_pem; /* authorities that this appliance trusts */
	struct tp_span present_pem; /* certificate to be replaced; empty = none */
	size_t left_over;	    /* certificates of an earlier reading that were left out */
};

/* upload has been ordered. Worst first. */
void tp_tls_findings_make(const struct tp_tls_upload *upload, const struct tp_tls_judgement *by,
			  struct tp_tls_findings *out);
/* Adds the one about the length of all names, which can be told of a request, too: names
 * is then a certificate with the extensions that were asked for. */
void tp_tls_find_long_names(struct x509_st *names, struct tp_tls_findings *out);
/* The worst; TP_TLS_NOTE without any. */
enum tp_tls_severity tp_tls_findings_worst(const struct tp_tls_findings *findings);
/* Word of the API. */
const char *tp_tls_severity_name(enum tp_tls_severity severity);

/* Calls each for every subject alternative name: "DNS:a.example", "IP:192.0.2.1",
 * "URI:sip:a", "email:a@b", printable ASCII. For one without any: its common name, as
 * "CN:a". Case is kept. */
void tp_tls_each_name(struct x509_st *certificate, void (*each)(void *arg, const char *name),
		      void *arg);
/* Whether it has this name, letter case aside. */
bool tp_tls_has_name(struct x509_st *certificate, const char *name);

enum tp_tls_usable { TP_TLS_USABLE_SERVER = 1, TP_TLS_USABLE_CLIENT = 2 };
/* Or-ed; all when the certificate names none. */
unsigned tp_tls_purposes(struct x509_st *certificate);

#endif
