/* What is in force, on disk. Runs in turnpiked. */
#include "supervisor/decision.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"
#include "core/text.h"
#include "model/slice.h"
#include "model/slice_seal.h"
#include "os/file.h"

static const char file[] = "decision";
static const char *const suffixes[TP_SLICES] = { "admin", "sip", "media" };

enum { NAME = 48 };

static void drop_slices(struct tp_revision *r)
{
	for (size_t i = 0; i < TP_SLICES; i++) {
		free(r->slices[i]);
		r->slices[i] = NULL;
		r->slice_lens[i] = 0;
	}
}

void tp_revision_fini(struct tp_revision *r)
{
	free(r->json);
	drop_slices(r);
	memset(r, 0, sizeof(*r));
}

bool tp_revision_has_slices(const struct tp_revision *r)
{
	return r->slices[0] != NULL;
}

enum tp_err tp_sha256(const void *bytes, size_t len, uint8_t out[TP_SHA256_BYTES])
{
	return EVP_Digest(bytes, len, out, NULL, EVP_sha256(), NULL) == 1 ? TP_OK : TP_INTERNAL;
}

/* ----------------------------------------------------------------- decision */

static bool read_revision(struct tp_span line, const char *key, struct tp_decision_revision *r)
{
	struct tp_span word = tp_span_split(&line, ' ');
	struct tp_span number = tp_span_split(&line, ' ');

	return tp_span_equal(word, tp_span_of(key)) &&
	       tp_text_parse_u64(number, UINT64_MAX, &r->number) == TP_OK &&
	       tp_text_parse_hex(line, r->sha256, sizeof(r->sha256)) == TP_OK;
}

static bool read_text(struct tp_span text, struct tp_decision *d)
{
	struct tp_span head = tp_span_split(&text, '\n');
	struct tp_span running = tp_span_split(&text, '\n');
	struct tp_span last_good = tp_span_split(&text, '\n');
	struct tp_span trial = tp_span_split(&text, '\n');

	return tp_span_equal(head, TP_SPAN("turnpike-decision 1")) &&
	       read_revision(running, "running", &d->running) &&
	       read_revision(last_good, "last-good", &d->last_good) &&
	       tp_span_equal(tp_span_split(&trial, ' '), TP_SPAN("trial-until")) &&
	       tp_text_parse_u64(trial, UINT64_MAX, &d->trial_until_s) == TP_OK && text.p && !text.len;
}

enum tp_err tp_decision_read(int config_fd, struct tp_decision *d, struct tp_diag *diag)
{
	struct tp_decision fresh = { 0 };
	void *bytes;
	size_t len;
	bool read;
	enum tp_err err = tp_file_read(config_fd, file, 1024, &bytes, &len);

	if (err == TP_NOTFOUND) {
		*d = fresh;
		return TP_OK;
	}
	if (err != TP_OK)
		return tp_fail(diag, err, file, "does not read (%s)", tp_err_name(err));
	read = read_text((struct tp_span){ bytes, len }, &fresh);
	free(bytes);
	if (!read)
		return tp_fail(diag, TP_FORMAT, file, "is damaged");
	*d = fresh;
	return TP_OK;
}

enum tp_err tp_decision_write(int config_fd, const struct tp_decision *d, struct tp_diag *diag)
{
	char running[2 * TP_SHA256_BYTES + 1];
	char last_good[2 * TP_SHA256_BYTES + 1];
	char text[512];
	int n;

	tp_text_write_hex(running, d->running.sha256, TP_SHA256_BYTES);
	tp_text_write_hex(last_good, d->last_good.sha256, TP_SHA256_BYTES);
	n = snprintf(text, sizeof(text),
		     "turnpike-decision 1\nrunning %" PRIu64 " %s\nlast-good %" PRIu64
		     " %s\ntrial-until %" PRIu64 "\n",
		     d->running.number, running, d->last_good.number, last_good, d->trial_until_s);
	return tp_file_write(config_fd, file, text, (size_t)n, 0600, diag);
}

/* ---------------------------------------------------------------- revisions */

static const char *json_name(char name[NAME], uint64_t number)
{
	snprintf(name, NAME, "%" PRIu64 ".json", number);
	return name;
}

static const char *slice_name(char name[NAME], uint64_t number, size_t index)
{
	snprintf(name, NAME, "%" PRIu64 ".%s", number, suffixes[index]);
	return name;
}

enum tp_err tp_revision_store(int config_fd, const struct tp_revision *r, struct tp_diag *diag)
{
	char name[NAME];
	enum tp_err err = tp_file_write(config_fd, json_name(name, r->number), r->json, r->json_len,
					0600, diag);

	return err == TP_OK ? tp_revision_store_slices(config_fd, r, diag) : err;
}

enum tp_err tp_revision_store_slices(int config_fd, const struct tp_revision *r,
				     struct tp_diag *diag)
{
	char name[NAME];
	enum tp_err err = TP_OK;

	for (size_t i = 0; i < TP_SLICES && err == TP_OK; i++)
		err = tp_file_write(config_fd, slice_name(name, r->number, i), r->slices[i],
				    r->slice_lens[i], 0600, diag);
	return err;
}

static enum tp_err load_json(int config_fd, struct tp_revision *r, char name[NAME])
{
	uint8_t sha256[TP_SHA256_BYTES];
	enum tp_err err = tp_file_read(config_fd, json_name(name, r->number), TP_CONFIGURATION_MAX,
				       &r->json, &r->json_len);

	if (err == TP_OK)
		err = tp_sha256(r->json, r->json_len, sha256);
	if (err == TP_OK && memcmp(sha256, r->sha256, sizeof(sha256)) != 0)
		err = TP_FORMAT;
	return err;
}

/* They can all be made again from the JSON. */
static void load_slices(int config_fd, struct tp_revision *r)
{
	struct tp_diag diag = { 0 };
	char name[NAME];

	for (size_t i = 0; i < TP_SLICES; i++) {
		enum tp_err err = tp_file_read(config_fd, slice_name(name, r->number, i),
					       TP_SLICE_MAX, &r->slices[i], &r->slice_lens[i]);

		if (err == TP_OK)
			err = tp_slice_check(r->slices[i], r->slice_lens[i], (uint8_t)(i + 1),
					     r->number, &diag);
		else
			tp_fail(&diag, err, name, "does not read (%s)", tp_err_name(err));
		if (err != TP_OK) {
			snprintf(r->stale, sizeof(r->stale), "%s: %.64s", name, diag.text);
			drop_slices(r);
			return;
		}
	}
}

enum tp_err tp_revision_load(int config_fd, const struct tp_decision_revision *which,
			     struct tp_revision *out, struct tp_diag *diag)
{
	struct tp_revision r = { .number = which->number };
	char name[NAME] = "";
	enum tp_err err;

	memcpy(r.sha256, which->sha256, sizeof(r.sha256));
	err = load_json(config_fd, &r, name);
	if (err != TP_OK) {
		tp_revision_fini(&r);
		return tp_fail(diag, err, name, "the kept revision does not read (%s)",
			       tp_err_name(err));
	}
	load_slices(config_fd, &r);
	*out = r;
	return TP_OK;
}

/* "12.json" -> 12; false for other names. */
static bool number_of(const char *name, uint64_t *number)
{
	struct tp_span rest = tp_span_of(name);

	return tp_text_parse_u64(tp_span_split(&rest, '.'), UINT64_MAX, number) == TP_OK && rest.p;
}

/* A temporary file that a power cut left behind. */
static bool is_leftover(const char *name)
{
	return name[0] == '.' && name[1] && name[1] != '.';
}

void tp_revision_sweep(int config_fd, const struct tp_decision *d)
{
	int fd = openat(config_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;
	uint64_t number;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	/* cppcheck-suppress readdirCalled ; turnpiked has one thread */
	while ((e = readdir(dir))) {
		bool ours = number_of(e->d_name, &number);

		if ((ours && number != d->running.number && number != d->last_good.number) ||
		    is_leftover(e->d_name))
			if (unlinkat(config_fd, e->d_name, 0) < 0)
				TP_LOG(TP_LOG_WARN, "config.sweep", "cannot remove %s", e->d_name);
	}
	closedir(dir);
}
