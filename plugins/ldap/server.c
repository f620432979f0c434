/* The connection to one server: name, address, TLS, binds. Runs in turnpike-ldap. */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openldap.h>

#include "ask.h"
#include "core/addr.h"
#include "core/text.h"
#include "os/sockaddr.h"

enum { ADDRESSES_MAX = 8, URL_PROTO_TCP = 1 };

static const char wrong_password[] = "Set the bind DN and its password again.";

/* --------------------------------------------------------------------- connection */

static enum tp_remote_result resolve(struct tp_ask *a, const struct tp_msg_ldap_server *server,
				  struct addrinfo **list)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC,
					.ai_socktype = SOCK_STREAM,
					.ai_flags = AI_NUMERICSERV };
	char port[8];
	int e;

	snprintf(port, sizeof(port), "%u", server->port);
	e = getaddrinfo(server->host, port, &hints, list);
	if (e != 0) {
		tp_ask_note(a, "resolve", false, "Look at the server's name in the settings and at the DNS servers.",
			    "%s: %s.", server->host, gai_strerror(e));
		return TP_REMOTE_UNAVAILABLE;
	}
	tp_ask_note(a, "resolve", true, "", "%s has an address.", server->host);
	return TP_REMOTE_OK;
}

/* 0, or the errno that says why not. */
static int reach(struct tp_ask *a, const struct addrinfo *at)
{
	int one = 1, error = 0;
	socklen_t len = sizeof(error);

	a->wire.fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (a->wire.fd < 0)
		return errno;
	(void)setsockopt(a->wire.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(a->wire.fd, at->ai_addr, at->ai_addrlen) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return errno;
	if (!tp_wire_wait(&a->wire, POLLOUT))
		return ETIMEDOUT;
	if (getsockopt(a->wire.fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		return errno;
	return error;
}

static enum tp_remote_result connect_any(struct tp_ask *a, const struct tp_msg_ldap_server *server,
				      const struct addrinfo *list)
{
	char text[TP_ADDR_TEXT] = "";
	int error = EADDRNOTAVAIL;
	unsigned tried = 0;

	for (const struct addrinfo *at = list; at && tried < ADDRESSES_MAX; at = at->ai_next, tried++) {
		struct sockaddr_storage ss = { 0 };
		struct tp_addr address;

		if (at->ai_addrlen > sizeof(ss))
			continue;
		memcpy(&ss, at->ai_addr, at->ai_addrlen);
		if (tp_sockaddr_to(&ss, at->ai_addrlen, &address) == TP_OK)
			tp_addr_write(&address, text);
		error = reach(a, at);
		if (error == 0) {
			tp_ask_note(a, "connect", true, "", "%s answers at %s%s", server->host, text,
				    a->tls ? "." : "; passwords go there in clear.");
			return TP_REMOTE_OK;
		}
		if (a->wire.fd >= 0)
			close(a->wire.fd);
		a->wire.fd = -1;
	}
	tp_ask_note(a, "connect", false, "Look whether the server runs, and at the firewalls in between.",
		    "%s at %s: %s.", server->host, text, strerror(error));
	return a->wire.late ? TP_REMOTE_LATE : TP_REMOTE_UNAVAILABLE;
}

/* libldap must never open a connection by itself: there is nothing at this address. */
static const char nowhere[] = "ldapi://%2fnowhere";

static enum tp_remote_result attach(struct tp_ask *a)
{
	static const int version = LDAP_VERSION3;
	ber_len_t incoming = TP_LDAP_INCOMING_MAX;
	struct timeval left = { .tv_sec = (time_t)(tp_wire_left_ms(&a->wire) / 1000 + 1) };
	Sockbuf *sb = NULL;

	if (ldap_init_fd(a->wire.fd, URL_PROTO_TCP, nowhere, &a->ldap) != LDAP_SUCCESS) {
		close(a->wire.fd);
		a->ldap = NULL;
	} else if (ldap_set_option(a->ldap, LDAP_OPT_PROTOCOL_VERSION, &version) == LDAP_SUCCESS &&
		   ldap_set_option(a->ldap, LDAP_OPT_REFERRALS, LDAP_OPT_OFF) == LDAP_SUCCESS &&
		   ldap_set_option(a->ldap, LDAP_OPT_TIMEOUT, &left) == LDAP_SUCCESS &&
		   ldap_get_option(a->ldap, LDAP_OPT_SOCKBUF, &sb) == LDAP_SUCCESS &&
		   ber_sockbuf_ctrl(sb, LBER_SB_OPT_SET_MAX_INCOMING, &incoming) >= 0 &&
		   ber_sockbuf_add_io(sb, &tp_wire_io, LBER_SBIOD_LEVEL_TRANSPORT, &a->wire) == 0) {
		return TP_REMOTE_OK;
	}
	tp_ask_note(a, "connect", false, "", "libldap cannot use the connection.");
	return TP_REMOTE_UNAVAILABLE;
}

/* ------------------------------------------------------------------------------ TLS */

static const char *tls_remedy(const char *why)
{
	static const struct {
		const char *word, *remedy;
	} remedies[] = {
		{ "no valid CRL", "Append the CA's revocation list to the trusted CA, or check fewer certificates." },
		{ "CRL expired", "Append the CA's present revocation list to the trusted CA." },
		{ "revoked", "Give the server another certificate." },
		{ "name does not match", "Write the server as its certificate calls it." },
		{ "issuer unknown", "Add the CA of the server's certificate to the trusted CAs, for LDAP." },
		{ "self-signed", "Add the CA of the server's certificate to the trusted CAs, for LDAP." },
		{ "expired", "Renew the server's certificate." },
		{ "not TLS", "The server speaks no TLS at this port: look at encryption and port." },
		{ "too old", "Let the server speak a newer TLS version, or lower that of LDAP on the page of ciphers." },
		{ "no cipher", "Let LDAP use more suites on the page of ciphers, or the server." },
	};

	for (size_t i = 0; i < sizeof(remedies) / sizeof(remedies[0]); i++)
		if (strstr(why, remedies[i].word))
			return remedies[i].remedy;
	return "Look at the server's certificate and its TLS settings.";
}

static enum tp_remote_result start_tls(struct tp_ask *a, const struct tp_msg_ldap_server *server)
{
	static const char *const checks[] = { "revocation is not checked", "its own CRL was looked at",
					      "the CRLs of all were looked at" };
	struct tp_diag diag = { 0 };
	struct tp_tls_peer peer;

	if (a->asked->encryption == TP_LDAP_STARTTLS) {
		int code = ldap_extended_operation_s(a->ldap, LDAP_EXOP_START_TLS, NULL, NULL, NULL, NULL, NULL);

		if (code != LDAP_SUCCESS)
			return tp_ask_failed(a, "tls", "StartTLS",
					     "Give the server a certificate, or use LDAPS.", code);
	}
	if (tp_wire_start_tls(&a->wire, a->tls, server->host, &diag) != TP_OK) {
		tp_ask_note(a, "tls", false, tls_remedy(diag.text), "%s: %s.", server->host, diag.text);
		return a->wire.late ? TP_REMOTE_LATE : TP_REMOTE_UNAVAILABLE;
	}
	tp_tls_session_peer(a->wire.tls, &peer);
	tp_ask_note(a, "tls", true, "", "%s with %s; certificate of %.200s, trusted, with the name %.100s; %s.",
		    peer.protocol, peer.cipher, peer.subject, server->host, checks[a->asked->crl_check]);
	return TP_REMOTE_OK;
}

enum tp_remote_result tp_ask_connect(struct tp_ask *a, const struct tp_msg_ldap_server *server)
{
	uint64_t until_ms = tp_wire_now_ms() + 1000 * (uint64_t)a->asked->server_s;
	struct addrinfo *list = NULL;
	enum tp_remote_result result;

	a->host = server->host;
	a->wire = (struct tp_wire){ .fd = -1, .until_ms = until_ms < a->until_ms ? until_ms : a->until_ms };
	result = resolve(a, server, &list);
	if (result == TP_REMOTE_OK)
		result = connect_any(a, server, list);
	if (list)
		freeaddrinfo(list);
	if (result == TP_REMOTE_OK)
		result = attach(a);
	if (result == TP_REMOTE_OK && a->tls)
		result = start_tls(a, server);
	return result;
}

void tp_ask_disconnect(struct tp_ask *a)
{
	if (a->ldap)
		ldap_unbind_ext(a->ldap, NULL, NULL);
	a->ldap = NULL;
	tp_wire_fini(&a->wire);
}

/* ---------------------------------------------------------------------------- binds */

enum tp_remote_result tp_ask_bind_service(struct tp_ask *a, bool again)
{
	const struct tp_msg_ldap_ask *m = a->asked;
	struct berval secret = { .bv_len = m->bind_secret_len, .bv_val = (char *)m->bind_secret };
	/* As whom the certificate says: an empty identity, which is not the same as none (RFC 4422). */
	struct berval as_certified = { .bv_len = 0, .bv_val = (char *)"" };
	bool external = m->bind == TP_LDAP_BIND_EXTERNAL;
	int code;

	if (!external && (m->bind_dn[0] != '\0') != (m->bind_secret_len != 0)) {
		tp_ask_note(a, "service-bind", false, wrong_password,
			    "A bind DN needs its password, and a password its bind DN.");
		return TP_REMOTE_UNAVAILABLE;
	}
	if (external)
		code = ldap_sasl_bind_s(a->ldap, NULL, "EXTERNAL", &as_certified, NULL, NULL, NULL);
	else
		code = ldap_sasl_bind_s(a->ldap, m->bind_dn, LDAP_SASL_SIMPLE, &secret, NULL, NULL, NULL);
	if (code != LDAP_SUCCESS)
		return tp_ask_failed(a, "service-bind", "bind of the service",
				     external ? "Look how the server maps the certificate of LDAP to an account."
					      : wrong_password,
				     code);
	if (!again && external)
		tp_ask_note(a, "service-bind", true, "", "The server takes our certificate (SASL EXTERNAL).");
	else if (!again)
		tp_ask_note(a, "service-bind", true, "", "The server lets %s ask.",
			    m->bind_dn[0] ? m->bind_dn : "anybody");
	return TP_REMOTE_OK;
}

/* What the server says of a password beside right and wrong, when it can (draft-behera-ldap-
 * password-policy): a right one that has to be changed first lets nobody in. */
static LDAPPasswordPolicyError read_policy(struct tp_ask *a, LDAPControl **controls)
{
	LDAPControl *control = ldap_control_find(LDAP_CONTROL_PASSWORDPOLICYRESPONSE, controls, NULL);
	LDAPPasswordPolicyError error = PP_noError;
	ber_int_t expires_s, graces_left = -1;

	if (control && ldap_parse_passwordpolicy_control(a->ldap, control, &expires_s, &graces_left, &error) != LDAP_SUCCESS)
		return PP_noError;
	return error == PP_noError && graces_left >= 0 ? PP_passwordExpired : error;
}

/* ldap_sasl_bind_s() without losing the controls of the answer. */
static int bind_with_policy(struct tp_ask *a, struct berval *password, LDAPPasswordPolicyError *policy)
{
	LDAPControl wanted = { .ldctl_oid = (char *)LDAP_CONTROL_PASSWORDPOLICYREQUEST };
	LDAPControl *request[] = { &wanted, NULL };
	LDAPControl **controls = NULL;
	LDAPMessage *answer = NULL;
	int number, result, code = ldap_sasl_bind(a->ldap, a->dn, LDAP_SASL_SIMPLE, password, request, NULL, &number);

	if (code != LDAP_SUCCESS)
		return code;
	result = ldap_result(a->ldap, number, LDAP_MSG_ALL, NULL, &answer);
	if (result <= 0 || !answer) {
		ldap_get_option(a->ldap, LDAP_OPT_RESULT_CODE, &code);
		return result == 0 ? LDAP_TIMEOUT : code < 0 ? code : LDAP_SERVER_DOWN;
	}
	if (ldap_parse_result(a->ldap, answer, &code, NULL, NULL, NULL, &controls, 1) != LDAP_SUCCESS)
		return LDAP_DECODING_ERROR;
	*policy = read_policy(a, controls);
	ldap_controls_free(controls);
	return code;
}

enum tp_remote_result tp_ask_bind_user(struct tp_ask *a)
{
	struct berval password = { .bv_len = a->asked->password_len, .bv_val = (char *)a->asked->password };
	LDAPPasswordPolicyError policy = PP_noError;
	int code = bind_with_policy(a, &password, &policy);
	enum tp_remote_result result;

	if (code == LDAP_SUCCESS && (policy == PP_changeAfterReset || policy == PP_passwordExpired)) {
		tp_ask_note(a, "user-bind", false, "Let the user choose a new password in the directory.",
			    "It is the password of %s, which has to be changed first: %s.", a->dn,
			    ldap_passwordpolicy_err2txt(policy));
		return TP_REMOTE_MUST_CHANGE;
	}
	if (code == LDAP_SUCCESS) {
		tp_ask_note(a, "user-bind", true, "", "It is the password of %s.", a->dn);
		return TP_REMOTE_OK;
	}
	result = tp_ask_failed(a, "user-bind", "bind of the user",
			       code == LDAP_INVALID_CREDENTIALS ? "Try the password again." : "Look at the server's log.",
			       code);
	/* What a server says of an account is an answer; that it is not there is none. */
	return result == TP_REMOTE_LATE || code < 0 || LDAP_SERVICE_ERROR(code) ? result : TP_REMOTE_REFUSED;
}
