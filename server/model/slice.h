/* Reading a process's slice of the configuration. No libyang here: this is what
 * network processes link. */
#ifndef TP_MODEL_SLICE_H
#define TP_MODEL_SLICE_H

#include "core/secret.h"

#define TP_CODEC_DEF "model/slice.def"
#define TP_CODEC_NAME(n) tp_cfg_##n
#include "core/codec/declare.h"
#undef TP_CODEC_DEF
#undef TP_CODEC_NAME

enum tp_role { TP_ROLE_EDGE = 0, TP_ROLE_CORE = 1 };
/* Places in tp_cfg_sip.identities. */
enum tp_sip_identity {
	TP_SIP_IDENTITY_SIP_SERVER = 0,
	TP_SIP_IDENTITY_SIP_CLIENT = 1,
	TP_SIP_IDENTITY_TRAVERSAL_SERVER = 2,
	TP_SIP_IDENTITY_TRAVERSAL_CLIENT = 3,
	TP_SIP_IDENTITIES = 4,
};
enum tp_encryption {
	TP_ENCRYPTION_AUTO = 0,
	TP_ENCRYPTION_FORCE_ENCRYPTED = 1,
	TP_ENCRYPTION_FORCE_UNENCRYPTED = 2,
	TP_ENCRYPTION_BEST_EFFORT = 3,
};
enum tp_rule_match {
	TP_RULE_ANY = 0,
	TP_RULE_EXACT = 1,
	TP_RULE_PREFIX = 2,
	TP_RULE_SUFFIX = 3,
	TP_RULE_REGEX = 4,
};

/* File form of a slice, in a sealed memfd, big-endian:
 *   "TPS2", u64 tp_slice_form(), u8 enum tp_process, u64 revision,
 *   u32 secret count, each: u16 length and name, u32 length and bytes,
 *   u32 body length, body (the encoded tp_cfg_<process> record).
 * The validator writes sealed bytes as secrets; the supervisor alone replaces them
 * by the clear ones (tp_slice_unseal, model/slice_seal.h), copying the body
 * untouched. */
enum { TP_SLICE_MAX = 16 << 20, TP_SLICE_SECRETS_MAX = 20000 };

struct tp_slice {
	uint8_t process;
	uint64_t revision;
	struct tp_secret *secrets;
	size_t secret_count;
	void *bytes; /* whole file, private and locked copy; what blobs borrow from */
	size_t len;
	struct tp_rd body;
};

/* Names the layout of all records: made while building from slice.def and the codec
 * (model/slice.cmake), another one whenever one of these changes. A body is decoded by
 * programs of the same form alone. */
uint64_t tp_slice_form(void);
/* What every slice begins with. tp_slice_read_head gives TP_UNSUPPORTED for a slice of
 * another form, TP_FORMAT for what is no slice; that is rd's error too. */
void tp_slice_write_head(struct tp_wr *wr, uint8_t process, uint64_t revision);
TP_NODISCARD enum tp_err tp_slice_read_head(struct tp_rd *rd, uint8_t *process, uint64_t *revision);

/* Reads the fd (not closed) whole. On error *out is untouched. TP_UNSUPPORTED: made by
 * another version. */
TP_NODISCARD enum tp_err tp_slice_open(int fd, struct tp_slice **out, struct tp_diag *diag);
void tp_slice_close(struct tp_slice **slice); /* wipes */
/* Secret number n from a record; NULL for 0 or a number out of range. */
const struct tp_secret *tp_slice_secret(const struct tp_slice *slice, uint16_t n);

#endif
