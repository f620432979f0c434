/* One question: each server in its turn until one answers. Runs in turnpike-ldap. */
#include "ask.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/remote.h"
#include "os/memfd.h"
#include "tls/policy.h"

enum { TIME_MAX_S = 120 };

/* Nothing is read from files or the environment of libldap; a name server that does not
 * answer must not use up the time of the next server. */
enum tp_err tp_ldap_warm_up(void)
{
	LDAP *ldap = NULL;

	if (setenv("LDAPNOINIT", "1", 1) < 0 || setenv("RES_OPTIONS", "timeout:2 attempts:1", 1) < 0 ||
	    ldap_create(&ldap) != LDAP_SUCCESS)
		return TP_INTERNAL;
	ldap_unbind_ext(ldap, NULL, NULL);
	return tp_tls_policy_init();
}

/* -------------------------------------------------------------------------- steps */

void tp_ask_note(struct tp_ask *a, const char *name, bool passed, const char *remedy, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	/* Started one line above. NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
	tp_remote_vnote(a->out, name, passed, remedy, fmt, ap);
	va_end(ap);
}

enum tp_remote_result tp_ask_failed(struct tp_ask *a, const char *name, const char *what, const char *remedy,
				 int code)
{
	char *said = NULL;

	if (a->wire.late || code == LDAP_TIMEOUT) {
		tp_ask_note(a, name, false, "Look at the server's load and log, or allow it more time.",
			    "%s: %s: no answer in time.", a->host, what);
		return TP_REMOTE_LATE;
	}
	if (a->wire.flooded) {
		tp_ask_note(a, name, false, "Look at the search base and the filter.",
			    "%s: %s: the answer is longer than %d MiB.", a->host, what, TP_WIRE_RECEIVED_MAX >> 20);
		return TP_REMOTE_UNAVAILABLE;
	}
	ldap_get_option(a->ldap, LDAP_OPT_DIAGNOSTIC_MESSAGE, &said);
	tp_ask_note(a, name, false, remedy, "%s: %s: %s%s%.200s", a->host, what, ldap_err2string(code),
		    said && said[0] ? ": " : ".", said ? said : "");
	ldap_memfree(said);
	return TP_REMOTE_UNAVAILABLE;
}

/* ------------------------------------------------------------------------ one server */

static enum tp_remote_result ask_as_service(struct tp_ask *a)
{
	enum tp_remote_result result = tp_ask_bind_service(a, false);

	if (result == TP_REMOTE_OK)
		result = tp_ask_find_user(a);
	if (result == TP_REMOTE_OK && !a->asked->authorise_only) {
		result = tp_ask_bind_user(a);
		if (result == TP_REMOTE_OK)
			result = tp_ask_bind_service(a, true);
	}
	return result;
}

static enum tp_remote_result ask_as_user(struct tp_ask *a)
{
	enum tp_remote_result result = tp_ask_form_user(a);

	if (result == TP_REMOTE_OK)
		result = tp_ask_bind_user(a);
	return result;
}

static enum tp_remote_result ask_server(struct tp_ask *a, const struct tp_msg_ldap_server *server)
{
	enum tp_remote_result result = tp_ask_connect(a, server);

	if (result == TP_REMOTE_OK)
		result = a->asked->bind == TP_LDAP_BIND_USER ? ask_as_user(a) : ask_as_service(a);
	if (result == TP_REMOTE_OK)
		result = tp_ask_name_user(a);
	if (result == TP_REMOTE_OK)
		result = tp_ask_find_groups(a);
	tp_ask_disconnect(a);
	return result;
}

/* ----------------------------------------------------------------------- all servers */

static enum tp_err make_tls(struct tp_ask *a, int trusted_fd)
{
	const struct tp_msg_ldap_ask *m = a->asked;
	const struct tp_tls_policy policy = { .least = (enum tp_tls_version)m->tls_least,
					      .ciphers = m->tls_ciphers,
					      .ciphersuites = m->tls_ciphersuites,
					      .groups = m->tls_groups };
	struct tp_secret key = { 0 };
	struct tp_tls_options options = { .client = true,
					  .verify = TP_TLS_VERIFY_ENFORCE,
					  .crl_check = (enum tp_tls_crl_check)m->crl_check,
					  .policy = &policy };
	struct tp_diag diag = { 0 };
	void *trusted = NULL;
	enum tp_err err = tp_memfd_read(trusted_fd, TP_TLS_PEM_MAX, &trusted, &options.trusted_pem.len);

	options.trusted_pem.p = trusted;
	if (err == TP_OK && m->key_len && m->certificate_len) {
		err = tp_secret_set(&key, m->key, m->key_len);
		options.certificate_pem = (struct tp_span){ (const char *)m->certificate, m->certificate_len };
		options.key = &key;
	}
	if (err == TP_OK)
		err = tp_tls_context_new(&options, &a->tls, &diag);
	if (err != TP_OK)
		tp_ask_note(a, "tls", false, "Look at the trusted CAs, the ciphers and the certificate of LDAP.",
			    "TLS cannot be set up: %s: %s", diag.where, diag.text[0] ? diag.text : tp_err_name(err));
	tp_secret_fini(&key);
	free(trusted);
	return err;
}

/* A bind without a password succeeds at many servers, whoever it is (RFC 4513 section
 * 5.1.2), so it never gets there. */
static bool may_be_asked(struct tp_ask *a)
{
	const struct tp_msg_ldap_ask *m = a->asked;

	if (!m->user[0] || (!m->authorise_only && (!m->password_len || memchr(m->password, 0, m->password_len))))
		tp_ask_note(a, "question", false, "", "A user name and a password are needed.");
	else if (m->authorise_only && m->bind == TP_LDAP_BIND_USER)
		tp_ask_note(a, "question", false, "Let the directory be asked by a service account.",
			    "Without the user's password there is nobody as whom the directory could be asked.");
	else
		return true;
	return false;
}

static enum tp_remote_result ask_servers(struct tp_ask *a)
{
	enum tp_remote_result result = TP_REMOTE_UNAVAILABLE;

	if (!a->asked->servers_count)
		tp_ask_note(a, "question", false, "Name a server on the page Login.", "No server is named.");
	for (size_t i = 0; i < a->asked->servers_count; i++) {
		if (tp_wire_now_ms() >= a->until_ms)
			return TP_REMOTE_LATE;
		result = ask_server(a, &a->asked->servers[i]);
		if (result != TP_REMOTE_UNAVAILABLE && result != TP_REMOTE_LATE)
			break;
		a->out->failed |= (uint8_t)(1u << i);
	}
	return result;
}

void tp_ldap_ask(const struct tp_msg_ldap_ask *asked, int trusted_fd, struct tp_msg_remote_answered *out)
{
	struct tp_ask a = { .asked = asked, .out = out, .wire.fd = -1 };
	uint64_t time_s = asked->time_s && asked->time_s < TIME_MAX_S ? asked->time_s : TIME_MAX_S;

	a.until_ms = tp_wire_now_ms() + 1000 * time_s;
	out->result = TP_REMOTE_REFUSED;
	if (!may_be_asked(&a))
		return;
	out->result = TP_REMOTE_UNAVAILABLE;
	if (asked->encryption == TP_LDAP_PLAIN || make_tls(&a, trusted_fd) == TP_OK)
		out->result = (uint8_t)ask_servers(&a);
	if (out->result != TP_REMOTE_OK)
		out->user[0] = '\0';
	tp_tls_context_unref(&a.tls);
}
