/* From a download or an upload to an index of revocation lists. Runs in turnpike-crl. */
#include "make.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "os/memfd.h"
#include "pem.h"
#include "proto/bundle.h"
#include "tls/context.h"
#include "tls/crl_read.h"
#include "tls/der.h"

struct making {
	const struct tp_crl_asked *asked;
	struct tp_crl_reading how;
	struct tp_crl_index *current;
	struct tp_crl_trust *trust;
	struct tp_crl_write *write;
	unsigned seen; /* lists */
	unsigned bad;
	bool lost;      /* a bad one would take the place of one in use */
	enum tp_err first_err;
	struct tp_diag first; /* what is wrong with the first bad one */
};

enum tp_err tp_crl_warm_up(void)
{
	EVP_MD *md;

	if (!OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_LOAD_CRYPTO_STRINGS |
					 OPENSSL_INIT_ADD_ALL_CIPHERS | OPENSSL_INIT_ADD_ALL_DIGESTS,
				 NULL))
		return TP_INTERNAL;
	md = EVP_MD_fetch(NULL, "SHA256", NULL);
	EVP_MD_free(md);
	tzset();
	return md ? TP_OK : TP_INTERNAL;
}

/* ------------------------------------------------------------------------ lists */

static enum tp_err take_list(void *arg, const uint8_t *der, size_t len)
{
	struct making *k = arg;
	struct tp_diag diag = { "", "" };
	bool in_use = false;
	enum tp_err err = tp_crl_read(&k->how, der, len, k->write, &in_use, &diag);

	k->seen++;
	if (err == TP_OK)
		return TP_OK;
	if (!k->bad++) {
		k->first = diag;
		k->first_err = err;
	}
	k->lost |= in_use;
	return err == TP_NOMEM ? err : TP_OK;
}

/* One list in DER form, or several one behind the other. */
static enum tp_err take_der(struct making *k, const uint8_t *bytes, size_t len)
{
	struct tp_rd rd;
	enum tp_err err = TP_OK;

	tp_rd_init(&rd, bytes, len);
	while (err == TP_OK && tp_rd_left(&rd)) {
		struct tp_der list = tp_der_want(&rd, TP_DER_SEQUENCE);

		if (rd.err != TP_OK)
			return take_list(k, rd.p, tp_rd_left(&rd));
		err = take_list(k, list.whole, list.whole_len);
	}
	return err;
}

/* Other files of an archive, as a text that says what is in it, are passed over. */
static enum tp_err take_file(void *arg, const uint8_t *bytes, size_t len)
{
	struct making *k = arg;
	struct tp_diag diag = { "", "" };
	enum tp_err err;

	if (tp_crl_is_pem(bytes, len)) {
		err = tp_crl_pem_walk(bytes, len, take_list, k, &diag);
		if (err == TP_OK || err == TP_NOMEM)
			return err;
		k->seen++;
		if (!k->bad++) {
			k->first = diag;
			k->first_err = err;
		}
		return TP_OK;
	}
	return len && bytes[0] == TP_DER_SEQUENCE ? take_der(k, bytes, len) : TP_OK;
}

static enum tp_err take_all(struct making *k, const uint8_t *bytes, size_t len,
			    struct tp_diag *diag)
{
	static const struct tp_bundle_limits limits = {
		.files_max = TP_CRL_FILES_MAX,
		.bytes_max = TP_CRL_UNPACKED_MAX,
		.ratio_max = TP_CRL_RATIO_MAX,
	};
	enum tp_err err;

	if (k->asked->m.pem_only && (!len || bytes[0] == TP_DER_SEQUENCE || !tp_crl_is_pem(bytes, len)))
		return tp_fail(diag, TP_FORMAT, "", "This is not a revocation list in PEM form.");
	err = k->asked->m.pem_only ? take_file(k, bytes, len)
				   : tp_bundle_walk(bytes, len, &limits, take_file, k, diag);
	if (err == TP_OK && !k->seen)
		err = tp_fail(diag, TP_FORMAT, "", "There is no revocation list in it.");
	return err;
}

/* ------------------------------------------------------------------- the result */

static const char *plural(unsigned n)
{
	return n == 1 ? "" : "s";
}

static enum tp_err judge(struct making *k, struct tp_msg_crl_made *made)
{
	unsigned good = k->seen - k->bad;
	char why[448] = "";

	if (k->bad)
		snprintf(why, sizeof(why), "%.140s%s%.300s", k->first.where,
			 k->first.where[0] ? ": " : "", k->first.text);
	if (k->bad && (!good || k->lost)) {
		snprintf(made->text, sizeof(made->text), "%s.", why);
		return k->first_err;
	}
	made->lists = good;
	made->entries = (uint32_t)tp_crl_write_entries(k->write);
	if (k->bad)
		snprintf(made->text, sizeof(made->text), "%u of %u lists in use; not used: %s.", good,
			 k->seen, why);
	else
		snprintf(made->text, sizeof(made->text), "%u list%s in use.", good, plural(good));
	return TP_OK;
}

static enum tp_err keep(int index, int file, struct tp_diag *diag)
{
	void *bytes;
	size_t len;
	size_t done = 0;
	enum tp_err err = tp_memfd_map(index, false, &bytes, &len);

	if (err != TP_OK)
		return tp_fail(diag, err, "", "The index cannot be read.");
	while (done < len) {
		ssize_t n = write(file, (uint8_t *)bytes + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	munmap(bytes, len);
	if (done < len || fsync(file) < 0)
		return tp_fail(diag, TP_IO, "", "It cannot be kept on disk: %s.", strerror(errno));
	return TP_OK;
}

static enum tp_err work(struct making *k, struct tp_msg_crl_made *made, int *index,
			struct tp_diag *diag)
{
	void *bytes;
	size_t len;
	enum tp_err err = tp_memfd_map(k->asked->bytes_fd, false, &bytes, &len);

	if (err != TP_OK)
		return tp_fail(diag, err, "", "It is empty.");
	made->bytes = len;
	if (len > TP_CRL_INPUT_MAX)
		err = tp_fail(diag, TP_LIMIT, "", "It is larger than %d MiB.", TP_CRL_INPUT_MAX >> 20);
	else
		err = take_all(k, bytes, len, diag);
	munmap(bytes, len);
	if (err == TP_OK)
		err = judge(k, made);
	if (err != TP_OK)
		return err;
	err = tp_crl_write_seal(k->write, index);
	if (err != TP_OK)
		return tp_fail(diag, err, "", "There is not enough memory for its index.");
	err = keep(*index, k->asked->file_fd, diag);
	if (err != TP_OK)
		close(*index);
	return err;
}

static enum tp_err open_all(struct making *k, const struct tp_crl_asked *asked)
{
	struct tp_crl_about about = {
		.source = (enum tp_crl_source)asked->m.source,
		.made_at = k->how.now,
	};
	void *pem;
	size_t len;
	off_t size = lseek(asked->bytes_fd, 0, SEEK_END);
	enum tp_err err = tp_memfd_read(asked->trusted_fd, TP_TLS_PEM_MAX, &pem, &len);

	if (err != TP_OK)
		return err;
	err = tp_crl_trust_new((struct tp_span){ pem, len }, &k->trust);
	free(pem);
	k->how.trust = k->trust;
	about.from_bytes = size > 0 ? (uint64_t)size : 0;
	tp_text_copy(about.origin, sizeof(about.origin), asked->m.origin);
	if (err == TP_OK)
		err = tp_crl_write_new(&about, TP_CRL_ENTRIES_MAX, &k->write);
	/* One that does not open any more protects nothing. */
	if (err == TP_OK && asked->current_fd >= 0 &&
	    tp_crl_index_open(asked->current_fd, &k->current) == TP_OK)
		k->how.current = k->current;
	return err;
}

void tp_crl_make(const struct tp_crl_asked *asked, struct tp_msg_crl_made *made, int *index)
{
	struct making k = { .asked = asked, .how = { .now = time(NULL) } };
	struct tp_diag diag = { "", "" };
	enum tp_err err = open_all(&k, asked);

	if (err != TP_OK)
		tp_fail(&diag, err, "", "The trusted CAs cannot be read.");
	else
		err = work(&k, made, index, &diag);
	made->err = (uint8_t)err;
	if (err != TP_OK && diag.text[0])
		snprintf(made->text, sizeof(made->text), "%s", diag.text);
	tp_crl_write_free(&k.write);
	tp_crl_index_close(&k.current);
	tp_crl_trust_free(&k.trust);
}
