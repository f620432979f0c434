/* Making the file of tls/crl_index.h, list after list. Used by the CRL helper. */
#ifndef TP_TLS_CRL_WRITE_H
#define TP_TLS_CRL_WRITE_H

#include "core/text.h"
#include "tls/crl_index.h"

struct tp_crl_write;

/* about is copied. */
TP_NODISCARD enum tp_err tp_crl_write_new(const struct tp_crl_about *about, size_t entries_max,
					  struct tp_crl_write **out);
void tp_crl_write_free(struct tp_crl_write **w);

/* A list begins; what follows belongs to it until the next begins. TP_LIMIT. */
TP_NODISCARD enum tp_err tp_crl_write_list(struct tp_crl_write *w,
					   const uint8_t issuer[TP_CRL_HASH], struct tp_span name,
					   int64_t this_update, int64_t next_update,
					   unsigned flags);
/* Of the list that was begun last: its CRL number and, of a delta, that of its base, both
 * plus one. */
void tp_crl_write_numbers(struct tp_crl_write *w, uint64_t number, uint64_t base);
TP_NODISCARD enum tp_err tp_crl_write_point(struct tp_crl_write *w,
					    const uint8_t hash[TP_CRL_HASH]);
/* issuer: NULL for the list's own. Entries come in any order. */
TP_NODISCARD enum tp_err tp_crl_write_entry(struct tp_crl_write *w, const uint8_t *issuer,
					    const uint8_t serial[TP_CRL_SERIAL_KEY],
					    uint8_t reason, int64_t at);
/* Drops the list that was begun last, with all of its parts. */
void tp_crl_write_undo(struct tp_crl_write *w);
size_t tp_crl_write_lists(const struct tp_crl_write *w);
size_t tp_crl_write_entries(const struct tp_crl_write *w);
/* Sorts, and writes a sealed memfd. TP_LIMIT, TP_NOMEM, TP_IO. */
TP_NODISCARD enum tp_err tp_crl_write_seal(struct tp_crl_write *w, int *fd);

#endif
