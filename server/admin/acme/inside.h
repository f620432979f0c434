/* What the files of admin/acme share; nobody else includes this. */
#ifndef TP_ADMIN_ACME_INSIDE_H
#define TP_ADMIN_ACME_INSIDE_H

#include <pthread.h>

#include "admin/acme/acme.h"
#include "admin/acme/due.h"

enum { TP_ACME_NAMES_MAX = 100, TP_ACME_ACCEPT_MAX = 8 };

/* The settings, read from the running configuration. */
struct tp_acme_settings {
	bool enabled;
	char directory[1024];
	char contact[255];
	char key_id[256];
	char hmac_sealed[6145];
	char identity[32];
	struct tp_msg_name names[TP_ACME_NAMES_MAX];
	size_t name_count;
	uint8_t key_type;  /* enum tp_key_type */
	uint8_t challenge; /* enum tp_acme_challenge */
	uint16_t http_port;
	char hook[64];
	char accept[TP_ACME_ACCEPT_MAX][32];
	size_t accept_count;
	char *directory_ca; /* PEM; NULL: the trusted CAs */
	char *whole;	    /* all of it as text, to see changes */
};

/* A certificate that waits until the configuration may be changed. */
struct tp_acme_waiting {
	char identity[32];
	char *chain; /* NULL: none */
	struct tp_msg_key_answer *key;
};

struct tp_acme {
	struct tp_acme_parts parts;
	struct tp_acme_proofs *proofs;

	/* The thread's own. */
	struct tp_acme_waiting waiting;
	char *tried_whole; /* settings of the last try in this life; NULL: none */
	struct tp_msg_alarm *told;

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t wake;
	struct tp_acme_row row;
	uint8_t challenge; /* of the order under way */
	uint16_t http_port;
	int64_t next_s;	 /* INT64_MAX: not by itself; 0: at once */
	bool enabled;
	bool working;
	bool holding; /* a certificate waits for the configuration */
	bool asked;
	bool ending;
	bool running;
	pthread_t thread;
};

/* settings.c. False: the configuration cannot be read now. End with the next. */
bool tp_acme_read_settings(struct tp_acme *acme, struct tp_acme_settings *out);
void tp_acme_settings_fini(struct tp_acme_settings *settings);
/* The CAs that may vouch for the directory, as a sealed memfd. */
TP_NODISCARD enum tp_err tp_acme_trusted(struct tp_acme *acme, const struct tp_acme_settings *s,
					 int *fd);
/* The certificate that the identity shows now: its facts, and its DNS names when the
 * settings hold none (else those of the host). */
void tp_acme_look(struct tp_acme *acme, struct tp_acme_settings *s, const struct tp_acme_row *row,
		  struct tp_acme_facts *facts);
/* The names wanted, with a blank between, cut to fit. */
void tp_acme_join_names(const struct tp_acme_settings *s, char *out, size_t size);

/* order.c, on the thread: gets a certificate and puts it in use. row gets account and
 * result. TP_CONFLICT: it waits until the configuration may be changed. */
enum tp_err tp_acme_order(struct tp_acme *acme, const struct tp_acme_settings *s,
			  struct tp_acme_row *row);
/* The same for the one that waits. */
enum tp_err tp_acme_deploy_waiting(struct tp_acme *acme, const struct tp_acme_settings *s,
				   struct tp_acme_row *row);
void tp_acme_forget_waiting(struct tp_acme *acme);

#endif
