/* Certificate revocation lists as sealed files in memory: a helper has checked and
 * sorted them (plugins/crl), sip and admin map them and look up by binary search. */
#ifndef TP_TLS_CRL_INDEX_H
#define TP_TLS_CRL_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

/* File form, numbers big-endian:
 *   head, 64 bytes: "TPCRLIX1", u32 lists, u32 enum tp_crl_source, u64 bytes of the
 *   whole file, u64 when it was made, u64 bytes of what it was made from, u64 offset of
 *   the origin's text, u32 its length, zeros;
 *   one record of 128 bytes a list: issuer's name hash (32), u64 thisUpdate, u64
 *   nextUpdate, u32 flags, u32 entries, u64 offset of the entries, u32 other issuers,
 *   u32 points, u64 offset of the others' name hashes, u64 offset of the points'
 *   hashes, u64 offset of the issuer's name, u32 its length, u32 zero, u64 its CRL number
 *   and u64, of a delta list, that of its base (both plus one; 0: none), zeros;
 *   an entry, 32 bytes: u16 issuer (0 = the list's own, n = other number n), serial key
 *   (21), u8 reason, u64 date; sorted by its first 23 bytes.
 * Every offset and length is checked against the file's size when it is opened. */
enum {
	TP_CRL_HASH = 32,
	TP_CRL_SERIAL_KEY = 21,
	TP_CRL_HEAD = 64,
	TP_CRL_RECORD = 128,
	TP_CRL_ENTRY = 32,
	TP_CRL_LISTS_MAX = 256,       /* lists of one file */
	TP_CRL_ENTRIES_MAX = 4 << 20, /* entries of one file */
	TP_CRL_OTHERS_MAX = 4096,     /* issuers of an indirect list */
	TP_CRL_POINTS_MAX = 16,       /* distribution points kept of a list or a certificate */
	TP_CRL_ISSUER_MAX = 511,      /* bytes of a name to show */
	TP_CRL_ORIGIN_MAX = 2047,     /* bytes of a URL or file name */
	TP_CRL_SLOTS_MAX = 64,
	TP_CRL_REASON_NONE = 255,
};

enum tp_crl_source { TP_CRL_AUTOMATIC = 0, TP_CRL_MANUAL = 1, TP_CRL_SOURCES };

enum tp_crl_flag {
	TP_CRL_ONLY_USER = 1 << 0,      /* issuingDistributionPoint: only end-entity certificates */
	TP_CRL_ONLY_CA = 1 << 1,
	TP_CRL_ONLY_ATTRIBUTE = 1 << 2,
	TP_CRL_INDIRECT = 1 << 3,
	TP_CRL_PARTITIONED = 1 << 4,    /* names distribution points: its silence says something only
	                                 * about certificates that name one of them */
	TP_CRL_SOME_REASONS = 1 << 5,   /* its silence says nothing */
	TP_CRL_DELTA = 1 << 6,          /* changes since a base: counts with a whole list of the same issuer,
	                                 * scope and source only, and while it is in force */
};

enum tp_crl_state {
	TP_CRL_NONE = 0, /* no list here is about this certificate */
	TP_CRL_GOOD,     /* the newest list about it is current and does not hold it */
	TP_CRL_REVOKED,  /* a list holds it, current or not */
	TP_CRL_EXPIRED,  /* the newest list about it is past its nextUpdate and does not hold it */
};

/* Filled by tp_crl_question_of (tls/crl_question.h), then sources and now by the asker. */
struct tp_crl_question {
	uint8_t issuer[TP_CRL_HASH];
	uint8_t serial[TP_CRL_SERIAL_KEY];
	bool ca;          /* the certificate asked about is a CA's */
	uint8_t point_count;
	uint8_t points[TP_CRL_POINTS_MAX][TP_CRL_HASH];
	unsigned sources; /* bits 1 << enum tp_crl_source: which may answer */
	int64_t now;      /* Unix time, seconds */
};

struct tp_crl_answer {
	enum tp_crl_state state;
	enum tp_crl_source source;         /* these four: of the list that decided; not for NONE */
	int64_t this_update;
	int64_t next_update;
	char issuer[TP_CRL_ISSUER_MAX + 1]; /* who signed it, RFC 2253 form */
	int64_t revoked_at;                /* REVOKED only */
	uint8_t reason;                    /* CRLReason, or TP_CRL_REASON_NONE */
};

/* What is to be shown of one list. */
struct tp_crl_list {
	char issuer[TP_CRL_ISSUER_MAX + 1];
	int64_t this_update;
	int64_t next_update;
	uint32_t entries;
	unsigned flags; /* bits of enum tp_crl_flag */
};

/* What is to be shown of a whole file. */
struct tp_crl_about {
	enum tp_crl_source source;
	int64_t made_at;      /* Unix time, seconds */
	uint64_t from_bytes;  /* size of what came */
	char origin[TP_CRL_ORIGIN_MAX + 1]; /* where from: the URL, or a name */
};

/* The bytes of a serial number as they are compared: contents of the DER INTEGER. */
void tp_crl_serial_key(const uint8_t *content, size_t len, uint8_t key[TP_CRL_SERIAL_KEY]);
/* "keyCompromise" ..., "no reason given". */
const char *tp_crl_reason_text(uint8_t reason);

struct tp_crl_index;

/* Maps a file that nobody can change any more; the fd is not kept. TP_DENIED when it is
 * not sealed, TP_FORMAT, TP_LIMIT, TP_NOMEM, TP_IO. */
TP_NODISCARD enum tp_err tp_crl_index_open(int fd, struct tp_crl_index **out);
/* The same over bytes that stay where they are. */
TP_NODISCARD enum tp_err tp_crl_index_over(const void *bytes, size_t len,
					   struct tp_crl_index **out);
void tp_crl_index_close(struct tp_crl_index **index);
size_t tp_crl_index_lists(const struct tp_crl_index *index);
void tp_crl_index_about(const struct tp_crl_index *index, struct tp_crl_about *out);
void tp_crl_index_list(const struct tp_crl_index *index, size_t n, struct tp_crl_list *out);
/* Adds what these files say together to *answer, which begins zeroed: REVOKED wins, else
 * the list with the latest thisUpdate. */
void tp_crl_indexes_ask(const struct tp_crl_index *const *indexes, size_t count,
			const struct tp_crl_question *question, struct tp_crl_answer *answer);
/* The same of one. */
void tp_crl_index_ask(const struct tp_crl_index *index, const struct tp_crl_question *question,
		      struct tp_crl_answer *answer);

/* All files of a process, one a slot; a file put into a slot takes the place of the one
 * before, whose memory goes back at once. Any thread may ask while another puts. */
struct tp_crl_set;

TP_NODISCARD enum tp_err tp_crl_set_new(struct tp_crl_set **out);
void tp_crl_set_free(struct tp_crl_set **set);
/* fd -1 empties the slot. On error what was there stays. */
TP_NODISCARD enum tp_err tp_crl_set_put(struct tp_crl_set *set, unsigned slot, int fd);
/* What a slot holds; false: nothing. lists (room for max) gets its lists, *count their
 * number. */
bool tp_crl_set_about(const struct tp_crl_set *set, unsigned slot, struct tp_crl_about *about,
		      struct tp_crl_list *lists, size_t max, size_t *count);
void tp_crl_set_ask(const struct tp_crl_set *set, const struct tp_crl_question *question,
		    struct tp_crl_answer *out);

#endif
