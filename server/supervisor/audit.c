/* What admin asks about the audit log. Runs in turnpiked. */
#include <string.h>

#include "core/log.h"
#include "supervisor/supervisor.h"

static void head_to_message(const struct tp_audit_head *h, struct tp_msg_audit_head *m)
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

/* False: its parts do not have their lengths. */
static bool head_of_message(const struct tp_msg_audit_head *m, struct tp_audit_head *h)
{
	if (m->hash_len != sizeof(h->hash) || m->boot_len != sizeof(h->boot) ||
	    m->mac_len != sizeof(h->mac) || m->signature_len != sizeof(h->signature))
		return false;
	*h = (struct tp_audit_head){ .kind = m->kind,
				     .counter = m->counter,
				     .sequence = m->sequence,
				     .at_ms = m->at_ms };
	memcpy(h->hash, m->hash, sizeof(h->hash));
	memcpy(h->boot, m->boot, sizeof(h->boot));
	memcpy(h->mac, m->mac, sizeof(h->mac));
	memcpy(h->signature, m->signature, sizeof(h->signature));
	return true;
}

static enum tp_err make(struct tp_sup *sup, const struct tp_msg_audit_seal *m,
			struct tp_audit_head *head)
{
	struct tp_audit_book *book = &sup->audit;
	uint64_t now_ms = tp_loop_unix_ms(sup->loop);
	struct tp_audit_head from;

	if (m->drop_to_count)
		return head_of_message(&m->drop_to[0], &from) ?
			       tp_audit_book_drop_to(book, &from, now_ms, head) :
			       TP_FORMAT;
	if (m->hash_len != TP_AUDIT_HASH || m->sequence == 0 || m->sequence > INT64_MAX)
		return TP_FORMAT;
	return tp_audit_book_seal(book, m->sequence, m->hash, now_ms, head);
}

enum tp_err tp_sup_audit_seal(struct tp_sup *sup, struct tp_frame *frame)
{
	struct tp_msg_audit_sealed answer = { 0 };
	struct tp_msg_audit_seal m;
	struct tp_audit_head head;
	enum tp_err err = tp_msg_audit_seal_read(&frame->body, &m);
	enum tp_err made;

	if (err != TP_OK)
		return err;
	made = make(sup, &m, &head);
	answer.err = (uint8_t)made;
	if (made == TP_OK)
		head_to_message(&head, &answer.head[answer.head_count++]);
	else
		TP_LOG(TP_LOG_WARN, "audit.refused", "no head for record %llu: %s",
		       (unsigned long long)m.sequence, tp_err_name(made));
	tp_msg_audit_seal_fini(&m);
	return TP_CHANNEL_SEND(tp_sup_child_of(sup, TP_PROCESS_ADMIN)->process.channel, audit_sealed,
			       frame->request, &answer);
}

enum tp_err tp_sup_audit_state(struct tp_sup *sup, struct tp_frame *frame)
{
	const struct tp_audit_book *book = &sup->audit;
	struct tp_msg_audit_state m = { .damaged = book->damaged };

	memcpy(m.public_key, book->public_key, m.public_key_len = sizeof(book->public_key));
	memcpy(m.boot, book->boot, m.boot_len = sizeof(book->boot));
	if (book->head.counter)
		head_to_message(&book->head, &m.head[m.head_count++]);
	if (book->checkpoint.counter)
		head_to_message(&book->checkpoint, &m.checkpoint[m.checkpoint_count++]);
	return TP_CHANNEL_SEND(tp_sup_child_of(sup, TP_PROCESS_ADMIN)->process.channel, audit_state,
			       frame->request, &m);
}

enum tp_err tp_sup_audit_check(struct tp_sup *sup, struct tp_frame *frame)
{
	struct tp_msg_audit_checked answer = { 0 };
	struct tp_msg_audit_check m;
	enum tp_err err = tp_msg_audit_check_read(&frame->body, &m);

	if (err != TP_OK)
		return err;
	for (size_t i = 0; i < m.heads_count; i++) {
		struct tp_audit_head head;

		answer.good[i] = head_of_message(&m.heads[i], &head) &&
				 tp_audit_book_made(&sup->audit, &head);
	}
	answer.good_len = (uint16_t)m.heads_count;
	tp_msg_audit_check_fini(&m);
	return TP_CHANNEL_SEND(tp_sup_child_of(sup, TP_PROCESS_ADMIN)->process.channel, audit_checked,
			       frame->request, &answer);
}
