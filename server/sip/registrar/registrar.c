/* The table of registrations: finding, ending, listing. Runs in turnpike-sip. */
#include "sip/registrar/registrar.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "sip/config/config.h"
#include "sip/registrar/table.h"

static void on_sweep(void *arg);

static void schedule_sweep(struct tp_sip *sip)
{
	enum { SWEEP_MS = 1000 };

	/* Without the timer bindings end when they are next looked at. */
	if (tp_timer_start(sip->loop, &sip->registrar->sweep, SWEEP_MS, on_sweep, sip) != TP_OK)
		return;
}

enum tp_err tp_registrar_new(struct tp_sip *sip, struct tp_registrar **out)
{
	struct tp_registrar *r = calloc(1, sizeof(*r));

	if (!r)
		return TP_NOMEM;
	tp_map_init(&r->users, sip->seed, TP_REGISTRAR_USERS_MAX);
	*out = r;
	sip->registrar = r;
	schedule_sweep(sip);
	return TP_OK;
}

void tp_binding_remove(struct tp_registrar *r, struct tp_binding *b)
{
	struct tp_registered *user = b->user;

	tp_list_remove(&b->link);
	tp_flow_unref(&b->flow);
	free(b);
	r->binding_count--;
	if (--user->count)
		return;
	tp_map_remove(&r->users, &user->node);
	free(user);
}

/* Calls `gone` for every binding and removes those for which it says true. */
static void remove_where(struct tp_sip *sip, bool (*gone)(struct tp_sip *, const struct tp_binding *,
							  const void *), const void *arg)
{
	struct tp_registrar *r = sip->registrar;
	struct tp_map_node *node = tp_map_next(&r->users, NULL), *next;

	for (; node; node = next) {
		struct tp_registered *user = TP_CONTAINER(node, struct tp_registered, node);
		struct tp_list *it, *after;
		size_t left = user->count;

		next = tp_map_next(&r->users, node);
		for (it = user->bindings.next; left; it = after) {
			struct tp_binding *b = TP_CONTAINER(it, struct tp_binding, link);

			after = it->next;
			left--; /* the user goes with its last binding */
			if (gone(sip, b, arg))
				tp_binding_remove(r, b);
		}
	}
}

static bool is_due(struct tp_sip *sip, const struct tp_binding *b, const void *arg)
{
	(void)arg;
	return b->due_ms <= tp_loop_now_ms(sip->loop);
}

static bool lost_account(struct tp_sip *sip, const struct tp_binding *b, const void *arg)
{
	(void)arg;
	return !tp_sip_config_account(sip->config, b->user->key);
}

static bool is_on_flow(struct tp_sip *sip, const struct tp_binding *b, const void *flow)
{
	(void)sip;
	return b->flow == flow;
}

static void on_sweep(void *arg)
{
	struct tp_sip *sip = arg;

	remove_where(sip, is_due, NULL);
	schedule_sweep(sip);
}

static bool all(struct tp_sip *sip, const struct tp_binding *b, const void *arg)
{
	(void)sip;
	(void)b;
	(void)arg;
	return true;
}

void tp_registrar_free(struct tp_sip *sip)
{
	struct tp_registrar *r = sip->registrar;

	if (!r)
		return;
	tp_timer_stop(sip->loop, &r->sweep);
	remove_where(sip, all, NULL);
	tp_map_fini(&r->users);
	free(r);
	sip->registrar = NULL;
}

void tp_registrar_flow_closed(struct tp_sip *sip, const struct tp_flow *flow)
{
	if (sip->registrar->binding_count)
		remove_where(sip, is_on_flow, flow);
}

void tp_registrar_apply(struct tp_sip *sip)
{
	remove_where(sip, lost_account, NULL);
}

size_t tp_registrar_count(const struct tp_sip *sip)
{
	return sip->registrar->binding_count;
}

void tp_registrar_key(const char *user, char key[128])
{
	size_t i;

	for (i = 0; i < 127 && user[i]; i++)
		key[i] = (char)tolower((unsigned char)user[i]);
	key[i] = 0;
}

struct tp_registered *tp_registrar_user(struct tp_sip *sip, const char *user)
{
	struct tp_map_node *node;
	char key[128];

	tp_registrar_key(user, key);
	node = tp_map_find(&sip->registrar->users, key, strlen(key));
	return node ? TP_CONTAINER(node, struct tp_registered, node) : NULL;
}

struct tp_registered *tp_registrar_find(struct tp_sip *sip, const char *user, const char *host)
{
	if (!tp_sip_config_is_domain(sip->config, host) && !tp_sip_config_is_self(sip->config, host))
		return NULL;
	return tp_registrar_user(sip, user);
}

struct tp_binding *tp_registrar_source(struct tp_sip *sip, const struct tp_flow *flow,
				       const char *from_user)
{
	struct tp_registered *user = tp_registrar_user(sip, from_user);
	struct tp_list *it, *next;

	if (!user)
		return NULL;
	TP_LIST_EACH(it, next, &user->bindings) {
		struct tp_binding *b = TP_CONTAINER(it, struct tp_binding, link);

		if (b->flow->transport != flow->transport)
			continue;
		if (flow->transport == TP_TRANSPORT_UDP ? tp_addr_equal(&b->flow->remote, &flow->remote) :
							  b->flow == flow)
			return b;
	}
	return NULL;
}

struct tp_flow *tp_registrar_flow(struct tp_sip *sip, const char *user, enum tp_transport transport)
{
	struct tp_registered *registered = tp_registrar_user(sip, user);
	struct tp_flow *newest = NULL;
	struct tp_list *it, *next;

	if (!registered)
		return NULL;
	TP_LIST_EACH(it, next, &registered->bindings) {
		struct tp_flow *flow = TP_CONTAINER(it, struct tp_binding, link)->flow;

		if (flow->transport == transport && flow->state == TP_FLOW_OPEN &&
		    (!newest || flow->opened_ms >= newest->opened_ms))
			newest = flow;
	}
	return newest;
}

static void fill_row(struct tp_sip *sip, const struct tp_binding *b, struct tp_msg_registration *out)
{
	uint64_t now = tp_loop_now_ms(sip->loop);

	memset(out, 0, sizeof(*out));
	tp_text_copy(out->aor, sizeof(out->aor), b->user->aor);
	tp_text_copy(out->contact, sizeof(out->contact), b->contact);
	out->source = b->flow->remote;
	out->transport = b->flow->transport;
	tp_text_copy(out->user_agent, sizeof(out->user_agent), b->user_agent);
	out->expires_s = b->due_ms > now ? (uint32_t)((b->due_ms - now) / 1000) : 0;
	out->registered_ms = b->registered_ms;
}

void tp_registrar_fill(struct tp_sip *sip, const struct tp_msg_registrations_get *get,
		       struct tp_msg_registrations *out)
{
	struct tp_map *users = &sip->registrar->users;
	uint32_t limit = get->limit < 100 ? get->limit : 100;

	memset(out, 0, sizeof(*out));
	out->registrations = calloc(limit ? limit : 1, sizeof(*out->registrations));
	for (struct tp_map_node *n = tp_map_next(users, NULL); n; n = tp_map_next(users, n)) {
		struct tp_registered *user = TP_CONTAINER(n, struct tp_registered, node);
		struct tp_list *it, *next;

		TP_LIST_EACH(it, next, &user->bindings) {
			struct tp_binding *b = TP_CONTAINER(it, struct tp_binding, link);

			if (get->filter[0] && !strcasestr(user->aor, get->filter) &&
			    !strcasestr(b->contact, get->filter))
				continue;
			if (out->total >= get->offset && out->registrations &&
			    out->registrations_count < limit)
				fill_row(sip, b, &out->registrations[out->registrations_count++]);
			out->total++;
		}
	}
}
