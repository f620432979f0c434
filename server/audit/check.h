/* Verifying an audit log: records and heads in, findings out. Knows neither database nor
 * file, so that the appliance and turnpikectl verify alike. */
#ifndef TP_AUDIT_CHECK_H
#define TP_AUDIT_CHECK_H

#include "audit/head.h"

enum tp_audit_fault {
	TP_AUDIT_CHANGED,   /* a record is not what was hashed, or not at its place */
	TP_AUDIT_MISSING,   /* records are not there */
	TP_AUDIT_REWRITTEN, /* the chain holds, but a head says another hash */
	TP_AUDIT_FORGED,    /* a head is not turnpiked's */
	TP_AUDIT_DISORDER,  /* heads whose numbers do not grow */
	TP_AUDIT_CUT,	    /* the log ends before turnpiked's last head: a cut tail, or an older copy */
};

enum { TP_AUDIT_FINDINGS = 32 };

struct tp_audit_finding {
	enum tp_audit_fault fault;
	uint64_t first; /* records it is about */
	uint64_t last;
};

struct tp_audit_check {
	uint64_t first;	  /* the first record that should be there */
	uint64_t last;	  /* the last one seen, or first - 1 */
	uint8_t hash[TP_AUDIT_HASH]; /* of `last`, as stored */
	bool known;	  /* the hash before the next record is known */
	uint64_t records; /* seen */
	uint64_t heads;
	uint64_t sealed;  /* the last record under a head */
	uint64_t counter; /* of the last head */
	uint32_t faults;  /* all; the first TP_AUDIT_FINDINGS are told */
	size_t finding_count;
	struct tp_audit_finding findings[TP_AUDIT_FINDINGS];
};

/* checkpoint: what the log goes on from, found authentic; NULL: it begins with record 1. */
void tp_audit_check_begin(struct tp_audit_check *c, const struct tp_audit_head *checkpoint);
/* In the order of the numbers; what is wrong with one is found with it. */
void tp_audit_check_record(struct tp_audit_check *c, const struct tp_audit_record *r);
/* Behind the record of its number. authentic: its MAC or signature is good. */
void tp_audit_check_head(struct tp_audit_check *c, const struct tp_audit_head *head,
			 bool authentic);
/* The checkpoint that it began with is not turnpiked's. */
void tp_audit_check_forged(struct tp_audit_check *c, uint64_t sequence);
/* A head that is not among those kept says another hash of this record. */
void tp_audit_check_rewritten(struct tp_audit_check *c, uint64_t sequence);
/* last: turnpiked's own last head; NULL: not known, as of an exported log. */
void tp_audit_check_end(struct tp_audit_check *c, const struct tp_audit_head *last);

/* "changed", "missing", ... */
const char *tp_audit_fault_name(enum tp_audit_fault fault);
/* In words, with the numbers. */
void tp_audit_finding_write(const struct tp_audit_finding *f, char text[256]);

#endif
