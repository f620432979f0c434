/* bench_revocation [handshakes [entries]]: TLS handshakes in which the server checks a client's
 * chain of three, with revocation off and with every certificate looked up in a CRL of that many
 * entries, block by block in turn. Prints one JSON object; ratio is the rate with it by the rate
 * without. Processor time, both sides together. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "tls/crl_question.h"
#include "tls/crl_write.h"
#include "tls/revocation_chain.h"
#include "tls/session.h"

enum { BLOCK = 50, DAY = 86400 };

struct identity {
	EVP_PKEY *key;
	X509 *cert;
};

static void die(const char *what)
{
	fprintf(stderr, "bench_revocation: %s\n", what);
	exit(1);
}

static void extend(struct identity *id, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;

	X509V3_set_ctx(&ctx, NULL, NULL, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	if (!e || X509_add_ext(id->cert, e, -1) != 1)
		die("extension");
	X509_EXTENSION_free(e);
}

static void make(struct identity *id, const char *name, long serial, const struct identity *ca, bool is_ca)
{
	X509_NAME *subject;

	id->key = EVP_EC_gen("P-256");
	id->cert = X509_new();
	if (!id->key || !id->cert)
		die("key");
	X509_set_version(id->cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(id->cert), serial);
	X509_gmtime_adj(X509_getm_notBefore(id->cert), -DAY);
	X509_gmtime_adj(X509_getm_notAfter(id->cert), DAY);
	subject = X509_get_subject_name(id->cert);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(id->cert, ca ? X509_get_subject_name(ca->cert) : subject);
	X509_set_pubkey(id->cert, id->key);
	if (is_ca)
		extend(id, NID_basic_constraints, "critical,CA:TRUE");
	else
		extend(id, NID_subject_alt_name, "DNS:peer.example");
	if (X509_sign(id->cert, ca ? ca->key : id->key, EVP_sha256()) <= 0)
		die("signature");
}

static char *pem_of(const struct identity *first, const struct identity *second)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = calloc(1, 8192);

	PEM_write_bio_X509(bio, first->cert);
	if (second)
		PEM_write_bio_X509(bio, second->cert);
	if (!text || BIO_read(bio, text, 8191) <= 0)
		die("PEM");
	BIO_free(bio);
	return text;
}

static void key_of(const struct identity *id, struct tp_secret *out)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *p;
	long len;

	PEM_write_bio_PrivateKey(bio, id->key, NULL, NULL, 0, NULL, NULL);
	len = BIO_get_mem_data(bio, &p);
	if (tp_secret_set(out, p, (size_t)len) != TP_OK)
		die("key");
	BIO_free(bio);
}

/* A current list of this CA with so many entries, none of them ours. */
static void add_list(struct tp_crl_write *w, const struct identity *ca, size_t entries)
{
	uint8_t issuer[TP_CRL_HASH];
	int64_t now = time(NULL);

	if (tp_crl_name_hash(X509_get_subject_name(ca->cert), issuer) != TP_OK ||
	    tp_crl_write_list(w, issuer, TP_SPAN("CN=bench"), now - DAY, now + DAY, 0) != TP_OK)
		die("list");
	for (size_t i = 0; i < entries; i++) {
		uint8_t serial[8] = { 0x40 };
		uint8_t key[TP_CRL_SERIAL_KEY];

		for (size_t b = 0; b < 7; b++)
			serial[7 - b] = (uint8_t)(i * 2654435761u >> (8 * b));
		tp_crl_serial_key(serial, sizeof(serial), key);
		if (tp_crl_write_entry(w, NULL, key, 1, now - DAY) != TP_OK)
			die("entry");
	}
}

static struct tp_crl_set *make_lists(const struct identity *root, const struct identity *middle, size_t entries)
{
	const struct tp_crl_about about = { .source = TP_CRL_AUTOMATIC };
	struct tp_crl_set *set = NULL;
	struct tp_crl_write *w = NULL;
	int fd = -1;

	if (tp_crl_write_new(&about, 2 * entries + 1, &w) != TP_OK || tp_crl_set_new(&set) != TP_OK)
		die("lists");
	add_list(w, root, entries);
	add_list(w, middle, entries);
	if (tp_crl_write_seal(w, &fd) != TP_OK || tp_crl_set_put(set, 1, fd) != TP_OK)
		die("index");
	close(fd);
	tp_crl_write_free(&w);
	return set;
}

static void shake(struct tp_tls_context *server, struct tp_tls_context *client)
{
	struct tp_tls_session *a = NULL;
	struct tp_tls_session *b = NULL;
	struct tp_tls_peer peer;
	enum tp_err ea = TP_AGAIN;
	enum tp_err eb = TP_AGAIN;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) < 0 ||
	    tp_tls_session_new(server, fds[0], true, NULL, &a) != TP_OK ||
	    tp_tls_session_new(client, fds[1], false, NULL, &b) != TP_OK)
		die("session");
	while (ea == TP_AGAIN || eb == TP_AGAIN) {
		if (eb == TP_AGAIN)
			eb = tp_tls_session_handshake(b, NULL);
		if (ea == TP_AGAIN)
			ea = tp_tls_session_handshake(a, NULL);
	}
	tp_tls_session_peer(a, &peer);
	if (ea != TP_OK || eb != TP_OK || !peer.trusted || tp_tls_session_held(a))
		die("handshake");
	tp_tls_session_free(&a);
	tp_tls_session_free(&b);
	close(fds[0]);
	close(fds[1]);
}

static double processor_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double block(struct tp_revocation *r, bool on, struct tp_tls_context *server,
		    struct tp_tls_context *client)
{
	const struct tp_revocation_policy policy = { .enabled = on, .use_crls = true, .unknown_is_revoked = true };
	double begin;

	tp_revocation_set_policy(r, &policy);
	begin = processor_s();
	for (int i = 0; i < BLOCK; i++)
		shake(server, client);
	return processor_s() - begin;
}

int main(int argc, char **argv)
{
	size_t handshakes = argc > 1 ? strtoul(argv[1], NULL, 10) : 4000;
	size_t entries = argc > 2 ? strtoul(argv[2], NULL, 10) : 100000;
	static const uint8_t seed[16] = { 3 };
	struct tp_tls_options server_options = { .server = true, .verify = TP_TLS_VERIFY_ENFORCE };
	struct tp_tls_options client_options = { .client = true, .verify = TP_TLS_VERIFY_OFF };
	struct tp_tls_context *server = NULL;
	struct tp_tls_context *client = NULL;
	struct tp_revocation *r = NULL;
	struct identity root, middle, leaf;
	struct tp_secret key = { 0 };
	struct tp_crl_set *set;
	double off = 0, on = 0;

	make(&root, "bench root", 1, NULL, true);
	make(&middle, "bench CA", 2, &root, true);
	make(&leaf, "bench peer", 3, &middle, false);
	set = make_lists(&root, &middle, entries);
	key_of(&leaf, &key);
	if (tp_revocation_new(set, seed, &r) != TP_OK)
		die("revocation");
	server_options.certificate_pem = client_options.certificate_pem = tp_span_of(pem_of(&leaf, &middle));
	server_options.key = client_options.key = &key;
	server_options.trusted_pem = tp_span_of(pem_of(&root, NULL));
	server_options.revocation = r;
	if (tp_tls_context_new(&server_options, &server, NULL) != TP_OK ||
	    tp_tls_context_new(&client_options, &client, NULL) != TP_OK)
		die("context");
	(void)block(r, true, server, client); /* warm */
	for (size_t i = 0; i < handshakes / BLOCK; i++) {
		off += block(r, false, server, client);
		on += block(r, true, server, client);
	}
	handshakes = handshakes / BLOCK * BLOCK;
	printf("{\"handshakes\":%zu,\"entries\":%zu,\"off_us\":%.1f,\"on_us\":%.1f,\"ratio\":%.3f}\n", handshakes,
	       2 * entries, off * 1e6 / (double)handshakes, on * 1e6 / (double)handshakes, off / on);
	return 0;
}
