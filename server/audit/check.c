/* Verifying an audit log. Runs in turnpike-admin and turnpikectl. */
#include "audit/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void find(struct tp_audit_check *c, enum tp_audit_fault fault, uint64_t first, uint64_t last)
{
	struct tp_audit_finding *before =
		c->finding_count ? &c->findings[c->finding_count - 1] : NULL;

	/* A run of the same is one finding. */
	if (before && before->fault == fault && before->last + 1 == first) {
		before->last = last;
		return;
	}
	c->faults++;
	if (c->finding_count < TP_AUDIT_FINDINGS)
		c->findings[c->finding_count++] = (struct tp_audit_finding){ fault, first, last };
}

void tp_audit_check_begin(struct tp_audit_check *c, const struct tp_audit_head *checkpoint)
{
	memset(c, 0, sizeof(*c));
	c->first = 1;
	c->known = true;
	if (!checkpoint)
		return;
	c->first = checkpoint->sequence + 1;
	c->last = checkpoint->sequence;
	c->sealed = checkpoint->sequence;
	memcpy(c->hash, checkpoint->hash, TP_AUDIT_HASH);
}

void tp_audit_check_record(struct tp_audit_check *c, const struct tp_audit_record *r)
{
	uint8_t hash[TP_AUDIT_HASH];

	c->records++;
	if (r->sequence <= c->last) {
		find(c, TP_AUDIT_CHANGED, r->sequence, r->sequence);
		return;
	}
	if (r->sequence != c->last + 1) {
		find(c, TP_AUDIT_MISSING, c->last + 1, r->sequence - 1);
		c->known = false;
	}
	if (c->known && (tp_audit_record_hash(c->hash, r, hash) != TP_OK ||
			 memcmp(hash, r->hash, TP_AUDIT_HASH) != 0))
		find(c, TP_AUDIT_CHANGED, r->sequence, r->sequence);
	/* On from what stands there, so that one wrong record is one finding. */
	c->known = true;
	c->last = r->sequence;
	memcpy(c->hash, r->hash, TP_AUDIT_HASH);
}

static void check_place(struct tp_audit_check *c, const struct tp_audit_head *head)
{
	if (head->sequence > c->last) {
		find(c, TP_AUDIT_MISSING, c->last + 1, head->sequence);
		/* What follows can be told from here on: the head says its hash. */
		c->last = head->sequence;
		memcpy(c->hash, head->hash, TP_AUDIT_HASH);
		c->known = true;
	} else if (head->sequence == c->last && memcmp(head->hash, c->hash, TP_AUDIT_HASH) != 0) {
		find(c, TP_AUDIT_REWRITTEN, c->sealed + 1, head->sequence);
	}
}

void tp_audit_check_head(struct tp_audit_check *c, const struct tp_audit_head *head, bool authentic)
{
	c->heads++;
	if (!authentic) {
		find(c, TP_AUDIT_FORGED, head->sequence, head->sequence);
		return;
	}
	if (head->counter <= c->counter || head->sequence < c->sealed)
		find(c, TP_AUDIT_DISORDER, head->sequence, head->sequence);
	check_place(c, head);
	c->counter = head->counter;
	if (head->sequence > c->sealed)
		c->sealed = head->sequence;
}

void tp_audit_check_forged(struct tp_audit_check *c, uint64_t sequence)
{
	find(c, TP_AUDIT_FORGED, sequence, sequence);
}

void tp_audit_check_rewritten(struct tp_audit_check *c, uint64_t sequence)
{
	find(c, TP_AUDIT_REWRITTEN, c->sealed + 1, sequence);
}

void tp_audit_check_end(struct tp_audit_check *c, const struct tp_audit_head *last)
{
	if (!last || last->sequence == 0)
		return;
	if (last->sequence > c->last)
		find(c, TP_AUDIT_CUT, c->last + 1, last->sequence);
	else if (last->counter < c->counter)
		find(c, TP_AUDIT_DISORDER, last->sequence, last->sequence);
}

const char *tp_audit_fault_name(enum tp_audit_fault fault)
{
	static const char *const names[] = { "changed", "missing",  "rewritten",
					     "forged",	"disorder", "cut" };

	return names[fault];
}

void tp_audit_finding_write(const struct tp_audit_finding *f, char text[256])
{
	static const char *const words[] = {
		"not what was written, or not at its place",
		"not there",
		"rewritten: the supervisor's head for the last of them says another hash",
		"named by a head that is not the supervisor's",
		"named by a head whose number does not grow: the supervisor's counter was set back",
		("not there though the supervisor has a head for the last of them: the end was cut "
		 "off, or the database is an older copy"),
	};
	int n;

	if (f->first == f->last)
		n = snprintf(text, 256, "Record %" PRIu64 " is ", f->first);
	else
		n = snprintf(text, 256, "Records %" PRIu64 " to %" PRIu64 " are ", f->first, f->last);
	snprintf(text + n, 256 - (size_t)n, "%s.", words[f->fault]);
}
