/* Verifying the audit log where it is kept. Runs in turnpike-admin. */
#include "admin/log/verify.h"

#include <stdlib.h>
#include <string.h>

#include "core/auto.h"

enum { RECORDS_AT_ONCE = 500, HEADS_AT_ONCE = 64 };

bool tp_log_head_of(const struct tp_msg_audit_head *m, struct tp_audit_head *h)
{
	if (m->hash_len != sizeof(h->hash) || m->boot_len != sizeof(h->boot) ||
	    m->mac_len != sizeof(h->mac) || m->signature_len != sizeof(h->signature))
		return false;
	*h = (struct tp_audit_head){
		.kind = m->kind, .counter = m->counter, .sequence = m->sequence, .at_ms = m->at_ms
	};
	memcpy(h->hash, m->hash, sizeof(h->hash));
	memcpy(h->boot, m->boot, sizeof(h->boot));
	memcpy(h->mac, m->mac, sizeof(h->mac));
	memcpy(h->signature, m->signature, sizeof(h->signature));
	return true;
}

void tp_log_head_to(const struct tp_audit_head *h, struct tp_msg_audit_head *m)
{
	m->kind = h->kind;
	m->counter = h->counter;
	m->sequence = h->sequence;
	m->at_ms = h->at_ms;
	memcpy(m->hash, h->hash, m->hash_len = sizeof(h->hash));
	memcpy(m->boot, h->boot, m->boot_len = sizeof(h->boot));
	memcpy(m->mac, h->mac, m->mac_len = sizeof(h->mac));
	memcpy(m->signature, h->signature, m->signature_len = sizeof(h->signature));
}

static void take_record(void *arg, const struct tp_audit_record *r)
{
	tp_audit_check_record(arg, r);
}

/* Records behind *at up to `until`. */
static enum tp_err check_records(struct tp_store *store, struct tp_audit_check *c, uint64_t *at,
				 uint64_t until)
{
	uint32_t count = RECORDS_AT_ONCE;
	enum tp_err err = TP_OK;

	while (err == TP_OK && count == RECORDS_AT_ONCE && *at < until) {
		err = tp_store_audit_read(store, *at, until, RECORDS_AT_ONCE, take_record, c, &count);
		if (c->last > *at)
			*at = c->last;
	}
	return err;
}

/* Which of them turnpiked made. */
static enum tp_err check_macs(const struct tp_log_supervisor *s, const struct tp_audit_head *heads,
			      size_t count, uint8_t good[HEADS_AT_ONCE])
{
	TP_AUTO(free) struct tp_msg_audit_head *list = calloc(count, sizeof(*list));
	const struct tp_msg_audit_check q = { .heads_count = (uint32_t)count, .heads = list };
	struct tp_msg_audit_checked a;
	enum tp_err err;

	if (!list)
		return TP_NOMEM;
	for (size_t i = 0; i < count; i++)
		tp_log_head_to(&heads[i], &list[i]);
	err = s->check(s->arg, &q, &a);
	if (err != TP_OK)
		return err;
	if (a.good_len != count)
		return TP_FORMAT;
	memcpy(good, a.good, count);
	return TP_OK;
}

/* Heads, each behind the records before it. */
static enum tp_err check_heads(struct tp_store *store, const struct tp_log_supervisor *s,
			       struct tp_audit_check *c, uint64_t *at, uint64_t until)
{
	uint64_t after = *at;

	for (;;) {
		TP_AUTO(free) struct tp_audit_head *heads = NULL;
		uint8_t good[HEADS_AT_ONCE];
		size_t count;
		enum tp_err err =
			tp_store_head_list(store, after, until, HEADS_AT_ONCE, &heads, &count);

		if (err != TP_OK || count == 0)
			return err;
		err = check_macs(s, heads, count, good);
		for (size_t i = 0; i < count && err == TP_OK; i++) {
			err = check_records(store, c, at, heads[i].sequence);
			tp_audit_check_head(c, &heads[i], good[i] == 1);
			after = heads[i].sequence;
		}
		if (err != TP_OK)
			return err;
	}
}

static enum tp_err begin(struct tp_store *store, const struct tp_log_supervisor *s,
			 struct tp_audit_check *c)
{
	struct tp_audit_head checkpoint;
	uint8_t good[HEADS_AT_ONCE];
	enum tp_err err = tp_store_checkpoint(store, &checkpoint);

	if (err == TP_NOTFOUND) {
		tp_audit_check_begin(c, NULL);
		return TP_OK;
	}
	if (err == TP_OK)
		err = check_macs(s, &checkpoint, 1, good);
	if (err != TP_OK)
		return err;
	tp_audit_check_begin(c, &checkpoint);
	if (good[0] != 1)
		tp_audit_check_forged(c, checkpoint.sequence);
	return TP_OK;
}

/* turnpiked's last head also counts where the database has lost it. */
static enum tp_err check_last(struct tp_store *store, struct tp_log_verified *v)
{
	uint8_t hash[TP_AUDIT_HASH];
	enum tp_err err = TP_OK;

	if (v->has_head && v->head.sequence > v->check.sealed && v->head.sequence <= v->check.last) {
		err = tp_store_audit_hash(store, v->head.sequence, hash);
		if (err == TP_OK && memcmp(hash, v->head.hash, sizeof(hash)) != 0)
			tp_audit_check_rewritten(&v->check, v->head.sequence);
	}
	tp_audit_check_end(&v->check, v->has_head ? &v->head : NULL);
	/* One that is not there is a gap, found already. */
	return err == TP_NOTFOUND ? TP_OK : err;
}

enum tp_err tp_log_verify(struct tp_store *store, const struct tp_log_supervisor *s,
			  struct tp_log_verified *out)
{
	struct tp_msg_audit_state state;
	struct tp_log_state end;
	uint64_t at;
	enum tp_err err = s->state(s->arg, &state);

	if (err != TP_OK)
		return err;
	memset(out, 0, sizeof(*out));
	out->has_head = state.head_count && tp_log_head_of(&state.head[0], &out->head);
	if (state.damaged)
		return TP_STATE;
	/* After turnpiked's answer: what its head names has been written before. */
	tp_store_log_state(store, &end);
	err = begin(store, s, &out->check);
	at = out->check.last;
	if (err == TP_OK)
		err = check_heads(store, s, &out->check, &at, end.last);
	if (err == TP_OK)
		err = check_records(store, &out->check, &at, end.last);
	if (err == TP_OK)
		err = check_last(store, out);
	if (err != TP_OK)
		return err;
	out->unsealed = out->check.last - out->check.sealed;
	return TP_OK;
}
