/* REGISTER requests: authentication, then all contacts are checked before any is
 * changed (RFC 3261 section 10.3). Runs in turnpike-sip. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/log.h"
#include "sip/config/config.h"
#include "sip/digest/challenge.h"
#include "sip/registrar/table.h"

enum { EXPIRES_DEFAULT_S = 3600 };

struct registering {
	struct tp_sip *sip;
	struct tp_server_txn *txn;
	struct tp_flow *flow;
	struct tp_sip_msg *msg;
	char user[128]; /* of To, decoded */
};

static void reply(const struct registering *r, int status, const char *phrase)
{
	(void)tp_server_txn_reply(r->txn, r->msg, status, phrase);
}

/* Seconds asked for one contact; 0 = unregister. */
static uint32_t wanted_expiry(const struct registering *r, const struct tp_sip_contact *c)
{
	const struct tp_cfg_sip *cfg = &r->sip->config->cfg;
	int64_t s = c && c->expires_s >= 0 ? c->expires_s : tp_sip_msg_expires_s(r->msg);

	if (s < 0)
		s = EXPIRES_DEFAULT_S;
	if (s > (int64_t)cfg->expires_max_s && cfg->expires_max_s)
		s = cfg->expires_max_s;
	return (uint32_t)s;
}

static void reply_too_brief(const struct registering *r)
{
	struct tp_sip_msg *response = NULL;
	char seconds[16];

	snprintf(seconds, sizeof(seconds), "%u", (unsigned)r->sip->config->cfg.expires_min_s);
	if (tp_sip_msg_new_response(r->msg, 423, NULL, tp_server_txn_to_tag(r->txn), &response) == TP_OK &&
	    tp_sip_msg_add(response, "Min-Expires", seconds) == TP_OK)
		(void)tp_server_txn_respond(r->txn, response);
	else
		reply(r, 500, NULL);
	tp_sip_msg_free(&response);
}

/* The URI of a contact as text; false when it is none that we could call. */
static bool contact_text(const struct tp_sip_contact *c, char *buf, size_t size)
{
	enum tp_transport transport;

	return (c->address.uri.scheme == TP_SIP_SCHEME_SIP || c->address.uri.scheme == TP_SIP_SCHEME_SIPS) &&
	       tp_sip_uri_transport(&c->address.uri, TP_TRANSPORT_UDP, &transport) == TP_OK &&
	       tp_sip_uri_write(&c->address.uri, buf, size) == TP_OK;
}

static struct tp_binding *find_binding(struct tp_registered *user, const char *contact)
{
	struct tp_list *it, *next;

	if (user)
		TP_LIST_EACH(it, next, &user->bindings)
			if (strcmp(TP_CONTAINER(it, struct tp_binding, link)->contact, contact) == 0)
				return TP_CONTAINER(it, struct tp_binding, link);
	return NULL;
}

/* Everything that can be refused, before anything is changed. False: answered. */
static bool check_contacts(const struct registering *r, struct tp_registered *user)
{
	size_t count = tp_sip_msg_contact_count(r->msg), fresh = 0;
	struct tp_sip_contact c;
	char text[512];

	if (tp_sip_msg_contact_is_star(r->msg)) {
		if (count == 1 && tp_sip_msg_expires_s(r->msg) == 0)
			return true;
		reply(r, 400, "Contact: * needs Expires: 0");
		return false;
	}
	for (size_t i = 0; tp_sip_msg_contact(r->msg, i, &c); i++) {
		uint32_t expires = wanted_expiry(r, &c);
		struct tp_binding *b;

		if (!contact_text(&c, text, sizeof(text))) {
			reply(r, 400, "Contact is not a SIP URI that can be called");
			return false;
		}
		if (expires && expires < r->sip->config->cfg.expires_min_s) {
			reply_too_brief(r);
			return false;
		}
		b = find_binding(user, text);
		if (b && strcmp(b->call_id, tp_sip_msg_call_id(r->msg)) == 0 &&
		    tp_sip_msg_cseq(r->msg) <= b->cseq) {
			reply(r, 500, "CSeq out of order");
			return false;
		}
		fresh += !b && expires;
	}
	if ((user ? user->count : 0) + fresh > TP_REGISTRAR_BINDINGS_MAX) {
		reply(r, 403, "Too many contacts registered");
		return false;
	}
	return true;
}

/* The user's row, made when it is not there. */
static struct tp_registered *have_user(const struct registering *r)
{
	struct tp_registrar *table = r->sip->registrar;
	struct tp_registered *user = tp_registrar_user(r->sip, r->user);
	struct tp_sip_uri to = tp_sip_msg_to(r->msg).uri;

	if (user)
		return user;
	user = calloc(1, sizeof(*user));
	if (!user)
		return NULL;
	tp_list_init(&user->bindings);
	tp_registrar_key(r->user, user->key);
	snprintf(user->aor, sizeof(user->aor), "sip:%.120s@%.120s", r->user, to.host);
	if (tp_map_put(&table->users, &user->node, user->key, strlen(user->key)) != TP_OK) {
		free(user);
		return NULL;
	}
	return user;
}

static void forget_empty_user(const struct registering *r, struct tp_registered *user)
{
	if (!user->count) {
		tp_map_remove(&r->sip->registrar->users, &user->node);
		free(user);
	}
}

static bool set_binding(const struct registering *r, const char *contact, uint32_t expires_s)
{
	struct tp_registered *user = have_user(r);
	struct tp_binding *b = user ? find_binding(user, contact) : NULL;

	if (!user)
		return false;
	if (!b) {
		b = calloc(1, sizeof(*b));
		if (!b) {
			forget_empty_user(r, user);
			return false;
		}
		b->user = user;
		tp_text_copy(b->contact, sizeof(b->contact), contact);
		b->registered_ms = tp_loop_unix_ms(r->sip->loop);
		tp_list_append(&user->bindings, &b->link);
		user->count++;
		r->sip->registrar->binding_count++;
	}
	tp_flow_unref(&b->flow);
	b->flow = tp_flow_ref(r->flow);
	b->cseq = tp_sip_msg_cseq(r->msg);
	tp_text_copy(b->call_id, sizeof(b->call_id), tp_sip_msg_call_id(r->msg));
	tp_text_copy(b->user_agent, sizeof(b->user_agent), tp_sip_msg_user_agent(r->msg));
	tp_text_make_printable(b->user_agent);
	b->due_ms = tp_loop_now_ms(r->sip->loop) + (uint64_t)expires_s * 1000;
	return true;
}

static void remove_all(const struct registering *r)
{
	struct tp_registered *user = tp_registrar_user(r->sip, r->user);
	size_t left = user ? user->count : 0;

	while (left--)
		tp_binding_remove(r->sip->registrar,
				  TP_CONTAINER(user->bindings.next, struct tp_binding, link));
}

static bool change(const struct registering *r)
{
	struct tp_sip_contact c;
	char text[512];

	if (tp_sip_msg_contact_is_star(r->msg)) {
		remove_all(r);
		return true;
	}
	for (size_t i = 0; tp_sip_msg_contact(r->msg, i, &c); i++) {
		uint32_t expires = wanted_expiry(r, &c);
		struct tp_binding *b;

		if (!contact_text(&c, text, sizeof(text)))
			return false;
		if (expires) {
			if (!set_binding(r, text, expires))
				return false;
			continue;
		}
		b = find_binding(tp_registrar_user(r->sip, r->user), text);
		if (b)
			tp_binding_remove(r->sip->registrar, b);
	}
	return true;
}

/* 200 with every binding there is now. */
static void reply_bindings(const struct registering *r)
{
	struct tp_registered *user = tp_registrar_user(r->sip, r->user);
	uint64_t now = tp_loop_now_ms(r->sip->loop);
	struct tp_sip_msg *response = NULL;
	struct tp_list *it, *next;
	char value[600];
	enum tp_err err = tp_sip_msg_new_response(r->msg, 200, NULL, tp_server_txn_to_tag(r->txn), &response);

	if (err == TP_OK && user) {
		TP_LIST_EACH(it, next, &user->bindings) {
			struct tp_binding *b = TP_CONTAINER(it, struct tp_binding, link);

			snprintf(value, sizeof(value), "<%s>;expires=%u", b->contact,
				 (unsigned)(b->due_ms > now ? (b->due_ms - now + 999) / 1000 : 0));
			if (err == TP_OK)
				err = tp_sip_msg_add(response, "Contact", value);
		}
	}
	if (err == TP_OK)
		(void)tp_server_txn_respond(r->txn, response);
	else
		reply(r, 500, NULL);
	tp_sip_msg_free(&response);
}

/* Who registers must own the address of record. False: answered. */
static bool authenticate(struct registering *r)
{
	const struct tp_cfg_account *account = NULL;
	char user[TP_DIGEST_USER_MAX + 1] = "", ip[TP_ADDR_IP_TEXT];
	enum tp_err err = tp_sip_authenticate(r->sip, r->msg, false, user, &account);

	switch (err) {
	case TP_OK:
		if (strcasecmp(account->name, r->user) == 0)
			return true;
		reply(r, 403, "Only your own address may be registered");
		return false;
	case TP_NOTFOUND:
	case TP_AGAIN:
		tp_sip_challenge(r->sip, r->txn, r->msg, false, err == TP_AGAIN);
		return false;
	default:
		tp_text_make_printable(user);
		TP_LOG(TP_LOG_WARN, "sip.register", "wrong user or password for '%s' from %s", user,
		       tp_addr_write_ip(&r->flow->remote, ip));
		reply(r, 403, "Wrong user name or password");
		return false;
	}
}

void tp_registrar_request(struct tp_sip *sip, struct tp_server_txn *txn, struct tp_flow *flow,
			  struct tp_sip_msg *msg)
{
	struct registering r = { .sip = sip, .txn = txn, .flow = flow, .msg = msg };
	struct tp_sip_uri to = tp_sip_msg_to(msg).uri, uri = tp_sip_msg_request_uri(msg);

	if (flow->zone) {
		reply(&r, 403, "Registrations are not taken from a zone");
		return;
	}
	if (!tp_sip_config_is_domain(sip->config, uri.host) && !tp_sip_config_is_self(sip->config, uri.host)) {
		reply(&r, 404, "Not a domain of this registrar");
		return;
	}
	if ((!tp_sip_config_is_domain(sip->config, to.host) && !tp_sip_config_is_self(sip->config, to.host)) ||
	    tp_sip_uri_user(&to, r.user, sizeof(r.user)) != TP_OK || !r.user[0]) {
		reply(&r, 404, "Not an address of this registrar");
		return;
	}
	if (!authenticate(&r) || !check_contacts(&r, tp_registrar_user(sip, r.user)))
		return;
	if (change(&r))
		reply_bindings(&r);
	else
		reply(&r, 500, NULL);
}
