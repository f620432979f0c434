/* turnpiked's book of audit heads. Runs in turnpiked. */
#include "supervisor/audit_book.h"

#include <inttypes.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"
#include "os/file.h"
#include "os/random.h"

static const char head_file[] = "head";
static const char key_file[] = "key.sealed";
static const char key_name[] = "audit/signing-key";
static const char purpose[] = "turnpike audit head mac 1";

enum { FILE_MAX = 1024, SIGNING_KEY = 32 };

/* ---------------------------------------------------------------------- keys */

static bool derive(const struct tp_secret *root, uint8_t key[TP_AUDIT_KEY])
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, root->bytes, root->len),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)purpose,
						  sizeof(purpose) - 1),
		OSSL_PARAM_construct_end(),
	};
	bool done = ctx && EVP_KDF_derive(ctx, key, TP_AUDIT_KEY, params) == 1;

	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return done;
}

static enum tp_err derive_mac_key(const struct tp_secret *root, struct tp_secret *out)
{
	uint8_t key[TP_AUDIT_KEY];
	enum tp_err err = derive(root, key) ? tp_secret_set(out, key, sizeof(key)) : TP_INTERNAL;

	tp_wipe(key, sizeof(key));
	return err;
}

/* Any 32 random bytes are an Ed25519 key. */
static enum tp_err make_signing_key(struct tp_audit_book *b, const struct tp_seal *seal,
				    struct tp_diag *diag)
{
	uint8_t key[SIGNING_KEY];
	char text[TP_SEAL_TEXT(SIGNING_KEY)];
	enum tp_err err;

	tp_random_bytes(key, sizeof(key));
	err = tp_seal_secret(seal, key_name, key, sizeof(key), text, sizeof(text));
	if (err == TP_OK)
		err = tp_file_write(b->folder_fd, key_file, text, strlen(text), 0600, diag);
	if (err == TP_OK)
		err = tp_secret_set(&b->signing_key, key, sizeof(key));
	tp_wipe(key, sizeof(key));
	return err;
}

static EVP_PKEY *signing_key(const struct tp_audit_book *b)
{
	return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, b->signing_key.bytes,
					    b->signing_key.len);
}

static enum tp_err take_public_key(struct tp_audit_book *b)
{
	EVP_PKEY *key = signing_key(b);
	size_t len = sizeof(b->public_key);
	bool done = key && EVP_PKEY_get_raw_public_key(key, b->public_key, &len) == 1;

	EVP_PKEY_free(key);
	return done ? TP_OK : TP_INTERNAL;
}

static enum tp_err load_signing_key(struct tp_audit_book *b, const struct tp_seal *seal)
{
	void *text = NULL;
	size_t len;
	enum tp_err err = tp_file_read(b->folder_fd, key_file, FILE_MAX, &text, &len);

	if (err == TP_OK)
		err = tp_seal_unseal(seal, key_name, (struct tp_span){ text, len }, &b->signing_key);
	free(text);
	return err;
}

/* --------------------------------------------------------------- what was made */

static enum tp_err sign(const struct tp_audit_book *b, struct tp_audit_head *head)
{
	EVP_PKEY *key = signing_key(b);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t bytes[TP_AUDIT_HEAD_BYTES];
	size_t len = TP_AUDIT_SIGNATURE;
	bool done;

	tp_audit_head_write(head, bytes);
	done = key && ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1 &&
	       EVP_DigestSign(ctx, head->signature, &len, bytes, sizeof(bytes)) == 1;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return done ? TP_OK : TP_INTERNAL;
}

static enum tp_err finish(const struct tp_audit_book *b, struct tp_audit_head *head)
{
	enum tp_err err = tp_audit_head_mac(b->mac_key.bytes, head, head->mac);

	return err == TP_OK ? sign(b, head) : err;
}

bool tp_audit_book_made(const struct tp_audit_book *b, const struct tp_audit_head *head)
{
	uint8_t mac[TP_AUDIT_MAC];

	return b->mac_key.len && tp_audit_head_mac(b->mac_key.bytes, head, mac) == TP_OK &&
	       tp_equal_constant_time(mac, head->mac, sizeof(mac)) &&
	       tp_audit_head_is_signed(b->public_key, head);
}

/* ---------------------------------------------------------------------- file */

static int write_line(char *at, size_t room, const struct tp_audit_head *h)
{
	char hash[2 * TP_AUDIT_HASH + 1];
	char boot[2 * TP_AUDIT_BOOT + 1];
	char mac[2 * TP_AUDIT_MAC + 1];

	tp_text_write_hex(hash, h->hash, sizeof(h->hash));
	tp_text_write_hex(boot, h->boot, sizeof(h->boot));
	tp_text_write_hex(mac, h->mac, sizeof(h->mac));
	return snprintf(at, room, "%u %" PRIu64 " %" PRIu64 " %s %s %" PRIu64 " %s\n", h->kind,
			h->counter, h->sequence, hash, boot, h->at_ms, mac);
}

static enum tp_err write_file(const struct tp_audit_book *b, const struct tp_audit_head *head,
			      const struct tp_audit_head *checkpoint, struct tp_diag *diag)
{
	char text[FILE_MAX];
	int n = snprintf(text, sizeof(text), "turnpike-audit 1\n");

	n += write_line(text + n, sizeof(text) - (size_t)n, head);
	n += write_line(text + n, sizeof(text) - (size_t)n, checkpoint);
	return tp_file_write(b->folder_fd, head_file, text, (size_t)n, 0600, diag);
}

static bool read_line(struct tp_span line, uint8_t kind, struct tp_audit_head *h)
{
	struct tp_span own_kind = tp_span_split(&line, ' ');
	struct tp_span counter = tp_span_split(&line, ' ');
	struct tp_span sequence = tp_span_split(&line, ' ');
	struct tp_span hash = tp_span_split(&line, ' ');
	struct tp_span boot = tp_span_split(&line, ' ');
	struct tp_span at = tp_span_split(&line, ' ');
	uint64_t number;

	if (tp_text_parse_u64(own_kind, 1, &number) != TP_OK || number != kind)
		return false;
	h->kind = kind;
	return tp_text_parse_u64(counter, UINT64_MAX, &h->counter) == TP_OK &&
	       tp_text_parse_u64(sequence, INT64_MAX, &h->sequence) == TP_OK &&
	       tp_text_parse_hex(hash, h->hash, sizeof(h->hash)) == TP_OK &&
	       tp_text_parse_hex(boot, h->boot, sizeof(h->boot)) == TP_OK &&
	       tp_text_parse_u64(at, UINT64_MAX, &h->at_ms) == TP_OK &&
	       tp_text_parse_hex(line, h->mac, sizeof(h->mac)) == TP_OK;
}

/* A head that was made carries its MAC, and gets its signature again. */
static bool is_whole(const struct tp_audit_book *b, struct tp_audit_head *h)
{
	return h->counter == 0 || (sign(b, h) == TP_OK && tp_audit_book_made(b, h));
}

static enum tp_err read_file(struct tp_audit_book *b)
{
	struct tp_audit_head head = { 0 }, checkpoint = { 0 };
	void *bytes = NULL;
	size_t len = 0;
	enum tp_err err = tp_file_read(b->folder_fd, head_file, FILE_MAX - 1, &bytes, &len);
	struct tp_span text = { bytes, len };

	if (err == TP_OK &&
	    !(tp_span_equal(tp_span_split(&text, '\n'), TP_SPAN("turnpike-audit 1")) &&
	      read_line(tp_span_split(&text, '\n'), TP_AUDIT_HEAD, &head) &&
	      read_line(tp_span_split(&text, '\n'), TP_AUDIT_CHECKPOINT, &checkpoint) &&
	      text.len == 0 && is_whole(b, &head) && is_whole(b, &checkpoint)))
		err = TP_FORMAT;
	free(bytes);
	if (err != TP_OK)
		return err;
	b->head = head;
	b->checkpoint = checkpoint;
	return TP_OK;
}

/* The key comes last: without it the next start makes the book anew. */
static enum tp_err make_files(struct tp_audit_book *b, const struct tp_seal *seal,
			      struct tp_diag *diag)
{
	const struct tp_audit_head none = { .kind = TP_AUDIT_HEAD };
	const struct tp_audit_head no_checkpoint = { .kind = TP_AUDIT_CHECKPOINT };
	enum tp_err err = write_file(b, &none, &no_checkpoint, diag);

	return err == TP_OK ? make_signing_key(b, seal, diag) : err;
}

enum tp_err tp_audit_book_open(int state_fd, const struct tp_secret *root, const struct tp_seal *seal,
			       struct tp_audit_book *book, struct tp_diag *diag)
{
	struct tp_audit_book b = { .folder_fd = -1 };
	enum tp_err err = tp_file_open_dir(state_fd, "audit", 0700, &b.folder_fd, diag);

	if (err != TP_OK)
		return err;
	tp_random_bytes(b.boot, sizeof(b.boot));
	err = derive_mac_key(root, &b.mac_key);
	if (err == TP_OK) {
		err = load_signing_key(&b, seal);
		if (err == TP_NOTFOUND)
			err = make_files(&b, seal, diag);
	}
	if (err == TP_OK)
		err = take_public_key(&b);
	if (err == TP_OK)
		err = read_file(&b);
	if (err != TP_OK) {
		TP_LOG(TP_LOG_ERROR, "audit.book",
		       "state/audit does not read (%s): the audit log is not sealed",
		       tp_err_name(err));
		b.damaged = true;
	}
	*book = b;
	return TP_OK;
}

void tp_audit_book_close(struct tp_audit_book *book)
{
	tp_secret_fini(&book->mac_key);
	tp_secret_fini(&book->signing_key);
	if (book->folder_fd >= 0)
		close(book->folder_fd);
	book->folder_fd = -1;
}

/* ------------------------------------------------------------------- new heads */

static uint64_t next_counter(const struct tp_audit_book *b)
{
	uint64_t last = b->head.counter > b->checkpoint.counter ? b->head.counter
								: b->checkpoint.counter;

	return last + 1;
}

static enum tp_err make(struct tp_audit_book *b, struct tp_audit_head *fresh)
{
	struct tp_diag diag = { 0 };
	enum tp_err err;

	memcpy(fresh->boot, b->boot, sizeof(fresh->boot));
	fresh->counter = next_counter(b);
	err = finish(b, fresh);
	if (err == TP_OK)
		err = fresh->kind == TP_AUDIT_HEAD ? write_file(b, fresh, &b->checkpoint, &diag)
						   : write_file(b, &b->head, fresh, &diag);
	if (err != TP_OK)
		TP_LOG(TP_LOG_ERROR, "audit.head", "not written: %s", diag.text);
	return err;
}

enum tp_err tp_audit_book_seal(struct tp_audit_book *b, uint64_t sequence,
			       const uint8_t hash[TP_AUDIT_HASH], uint64_t now_ms,
			       struct tp_audit_head *out)
{
	struct tp_audit_head fresh = { .kind = TP_AUDIT_HEAD,
				       .sequence = sequence,
				       .at_ms = now_ms };
	enum tp_err err;

	if (b->damaged)
		return TP_STATE;
	if (b->head.counter && sequence == b->head.sequence &&
	    memcmp(hash, b->head.hash, TP_AUDIT_HASH) == 0) {
		*out = b->head;
		return TP_OK;
	}
	if (sequence <= b->head.sequence || sequence <= b->checkpoint.sequence)
		return TP_DENIED;
	memcpy(fresh.hash, hash, TP_AUDIT_HASH);
	err = make(b, &fresh);
	if (err != TP_OK)
		return err;
	*out = b->head = fresh;
	return TP_OK;
}

enum tp_err tp_audit_book_drop_to(struct tp_audit_book *b, const struct tp_audit_head *head,
				  uint64_t now_ms, struct tp_audit_head *out)
{
	struct tp_audit_head fresh = { .kind = TP_AUDIT_CHECKPOINT,
				       .sequence = head->sequence,
				       .at_ms = now_ms };
	enum tp_err err;

	if (b->damaged)
		return TP_STATE;
	if (head->kind != TP_AUDIT_HEAD || !tp_audit_book_made(b, head))
		return TP_AUTH;
	if (b->checkpoint.counter && head->sequence == b->checkpoint.sequence) {
		*out = b->checkpoint;
		return TP_OK;
	}
	if (head->sequence < b->checkpoint.sequence || head->sequence > b->head.sequence)
		return TP_DENIED;
	memcpy(fresh.hash, head->hash, TP_AUDIT_HASH);
	err = make(b, &fresh);
	if (err != TP_OK)
		return err;
	*out = b->checkpoint = fresh;
	return TP_OK;
}
