/* One HTTP request with limits on size, time, redirects, protocols and destination. Runs
 * in turnpike-fetch. */
#include "fetch.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "os/memfd.h"
#include "os/sockaddr.h"
#include "place.h"

enum {
	CONNECT_MS = 10000,
	TIME_MAX_MS = 600000,
	REDIRECTS_MAX = 10,
	SLOW_BYTES = 100, /* a second, for SLOW_S: nobody waits for that */
	SLOW_S = 30,
	TRUSTED_MAX = 1 << 20,
};

struct transfer {
	const struct tp_msg_fetch *asked;
	struct tp_msg_fetched *out;
	struct tp_place place;
	CURL *curl;
	struct curl_slist *headers;
	void *trusted;
	size_t trusted_len;
	int fd;
	size_t received;
	bool too_large;
	bool disk; /* the answer could not be written */
	uint64_t until_ms;
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

enum tp_err tp_fetch_warm_up(void)
{
	CURL *curl;
	SSL_CTX *ctx;

	if (!OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_LOAD_SSL_STRINGS |
				      OPENSSL_INIT_LOAD_CRYPTO_STRINGS,
			      NULL) ||
	    curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK)
		return TP_INTERNAL;
	ctx = SSL_CTX_new(TLS_client_method());
	SSL_CTX_free(ctx);
	curl = curl_easy_init();
	curl_easy_cleanup(curl);
	return ctx && curl ? TP_OK : TP_INTERNAL;
}

/* ------------------------------------------------------------------- callbacks */

static size_t on_body(char *bytes, size_t size, size_t count, void *arg)
{
	struct transfer *t = arg;
	size_t len = size * count;
	size_t done = 0;

	if (len > t->asked->bytes_max - t->received) {
		t->too_large = true;
		return 0;
	}
	while (done < len) {
		ssize_t n = write(t->fd, bytes + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			t->disk = true;
			return 0;
		}
		done += (size_t)n;
	}
	t->received += len;
	return len;
}

static curl_socket_t on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct transfer *t = arg;
	struct sockaddr_storage ss = { 0 };
	struct tp_addr a;

	if (purpose != CURLSOCKTYPE_IPCXN || address->addrlen > sizeof(ss) ||
	    (address->family != AF_INET && address->family != AF_INET6))
		return CURL_SOCKET_BAD;
	memcpy(&ss, &address->addr, address->addrlen);
	if (tp_sockaddr_to(&ss, address->addrlen, &a) != TP_OK || !tp_place_allows(&t->place, &a))
		return CURL_SOCKET_BAD;
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* ------------------------------------------------------------------ one request */

static enum tp_err fail(struct transfer *t, enum tp_err err, const char *text)
{
	tp_text_copy(t->out->text, sizeof(t->out->text), text);
	return err;
}

/* The host of a URL that may be asked; else why not. */
static enum tp_err check_url(struct transfer *t, const char *url, bool *secure)
{
	CURLU *u = curl_url();
	char *scheme = NULL;
	char *host = NULL;
	bool known = true;
	enum tp_err err = TP_OK;

	for (const char *p = url; *p; p++)
		known &= *p > ' ' && *p <= '~';
	known = known && u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
		curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK;
	if (known && strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)
		err = fail(t, TP_DENIED, "Only http and https are allowed.");
	else if (!known || curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK)
		err = fail(t, TP_DENIED, "It is not a URL.");
	if (err == TP_OK) {
		tp_place_host(&t->place, host);
		*secure = strcmp(scheme, "https") == 0;
		if (*secure && !t->trusted_len)
			err = fail(t, TP_AUTH, "There is no trusted CA to check an https server with.");
	}
	curl_free(scheme);
	curl_free(host);
	curl_url_cleanup(u);
	return err;
}

static bool add_header(struct transfer *t, const char *name, const char *value)
{
	char line[160];
	struct curl_slist *more;

	if (!value[0])
		return true;
	snprintf(line, sizeof(line), "%s: %s", name, value);
	more = curl_slist_append(t->headers, line);
	if (more)
		t->headers = more;
	return more != NULL;
}

static bool set_options(struct transfer *t)
{
	CURL *c = t->curl;
	struct curl_blob ca = { .data = t->trusted, .len = t->trusted_len, .flags = CURL_BLOB_NOCOPY };
	bool ok = add_header(t, "Accept", t->asked->accept) &&
		  curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
		  curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
		  curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
		  curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK &&
		  curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
		  curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS) == CURLE_OK &&
		  curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES) == CURLE_OK &&
		  curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)SLOW_S) == CURLE_OK &&
		  curl_easy_setopt(c, CURLOPT_USERAGENT, "Turnpike/" TP_VERSION) == CURLE_OK &&
		  curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_socket) == CURLE_OK &&
		  curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, t) == CURLE_OK &&
		  curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
		  curl_easy_setopt(c, CURLOPT_WRITEDATA, t) == CURLE_OK &&
		  curl_easy_setopt(c, CURLOPT_MAXFILESIZE_LARGE,
				   (curl_off_t)t->asked->bytes_max) == CURLE_OK;

	ok = ok && curl_easy_setopt(c, CURLOPT_CAINFO, NULL) == CURLE_OK &&
	     curl_easy_setopt(c, CURLOPT_CAPATH, NULL) == CURLE_OK &&
	     curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK;
	if (ok && t->trusted_len)
		ok = curl_easy_setopt(c, CURLOPT_CAINFO_BLOB, &ca) == CURLE_OK;
	if (ok && t->asked->method == 1)
		ok = add_header(t, "Content-Type", t->asked->content_type) &&
		     curl_easy_setopt(c, CURLOPT_POST, 1L) == CURLE_OK &&
		     curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, (long)t->asked->body_len) == CURLE_OK &&
		     curl_easy_setopt(c, CURLOPT_POSTFIELDS, t->asked->body) == CURLE_OK;
	return ok && curl_easy_setopt(c, CURLOPT_HTTPHEADER, t->headers) == CURLE_OK;
}

static enum tp_err explain(struct transfer *t, CURLcode code, const char *words)
{
	if (t->place.refused[0])
		return fail(t, TP_DENIED, t->place.refused);
	if (t->too_large || code == CURLE_FILESIZE_EXCEEDED) {
		snprintf(t->out->text, sizeof(t->out->text), "The answer is larger than %u bytes.",
			 t->asked->bytes_max);
		return TP_LIMIT;
	}
	if (t->disk)
		return fail(t, TP_NOMEM, "There is not enough memory for the answer.");
	if (code == CURLE_OPERATION_TIMEDOUT) {
		snprintf(t->out->text, sizeof(t->out->text), "It took too long: %.400s.", words);
		return TP_LIMIT;
	}
	snprintf(t->out->text, sizeof(t->out->text), "%.500s.", words);
	return code == CURLE_PEER_FAILED_VERIFICATION ? TP_AUTH : TP_IO;
}

static enum tp_err perform(struct transfer *t, const char *url)
{
	char words[CURL_ERROR_SIZE] = "";
	uint64_t now = now_ms();
	CURLcode code;

	if (now >= t->until_ms)
		return fail(t, TP_LIMIT, "It took too long.");
	if (ftruncate(t->fd, 0) < 0 || lseek(t->fd, 0, SEEK_SET) < 0)
		return fail(t, TP_IO, "The answer cannot be kept.");
	t->received = 0;
	if (curl_easy_setopt(t->curl, CURLOPT_URL, url) != CURLE_OK ||
	    curl_easy_setopt(t->curl, CURLOPT_ERRORBUFFER, words) != CURLE_OK ||
	    curl_easy_setopt(t->curl, CURLOPT_TIMEOUT_MS, (long)(t->until_ms - now)) != CURLE_OK)
		return fail(t, TP_NOMEM, "There is not enough memory.");
	code = curl_easy_perform(t->curl);
	curl_easy_setopt(t->curl, CURLOPT_ERRORBUFFER, NULL);
	return code == CURLE_OK ? TP_OK
				: explain(t, code, words[0] ? words : curl_easy_strerror(code));
}

/* -------------------------------------------------------------- with redirects */

/* Where the answer leads; NULL: nowhere. */
static char *next_url(struct transfer *t)
{
	char *url = NULL;
	long status = 0;

	curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
	t->out->status = (uint16_t)status;
	curl_easy_getinfo(t->curl, CURLINFO_REDIRECT_URL, &url);
	return url ? strdup(url) : NULL;
}

static enum tp_err follow(struct transfer *t)
{
	unsigned left = t->asked->redirects_max < REDIRECTS_MAX ? t->asked->redirects_max
								: REDIRECTS_MAX;
	char *url = strdup(t->asked->url);
	bool was_secure = false;
	enum tp_err err = url ? TP_OK : TP_NOMEM;

	while (err == TP_OK) {
		bool secure;
		char *next;

		err = check_url(t, url, &secure);
		if (err == TP_OK && was_secure && !secure)
			err = fail(t, TP_DENIED, "It leads from https to http.");
		if (err == TP_OK)
			err = perform(t, url);
		if (err != TP_OK)
			break;
		next = next_url(t);
		if (!next)
			break;
		free(url);
		url = next;
		was_secure = secure;
		if (t->asked->method == 1 || left-- == 0)
			err = fail(t, TP_LIMIT, "It leads to somewhere else too often.");
	}
	free(url);
	return err;
}

static enum tp_err finish(struct transfer *t, int *body)
{
	char *type = NULL;

	if (t->out->status != 200) {
		snprintf(t->out->text, sizeof(t->out->text), "The server answered %u.",
			 t->out->status);
		return TP_NOTFOUND;
	}
	if (curl_easy_getinfo(t->curl, CURLINFO_CONTENT_TYPE, &type) == CURLE_OK && type) {
		tp_text_copy(t->out->content_type, sizeof(t->out->content_type), type);
		tp_text_make_printable(t->out->content_type);
	}
	if (fcntl(t->fd, F_ADD_SEALS,
		  F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
		return fail(t, TP_IO, "The answer cannot be kept.");
	t->out->bytes = t->received;
	*body = t->fd;
	t->fd = -1;
	return TP_OK;
}

static enum tp_err start(struct transfer *t, int trusted_fd)
{
	uint32_t time_ms = t->asked->time_ms < TIME_MAX_MS ? t->asked->time_ms : TIME_MAX_MS;

	t->until_ms = now_ms() + time_ms;
	if (tp_place_init(&t->place, t->asked) != TP_OK)
		return fail(t, TP_IO, "The appliance's own addresses cannot be read.");
	if (trusted_fd >= 0 &&
	    tp_memfd_read(trusted_fd, TRUSTED_MAX, &t->trusted, &t->trusted_len) != TP_OK)
		return fail(t, TP_IO, "The trusted CAs cannot be read.");
	t->fd = memfd_create("fetched", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	t->curl = curl_easy_init();
	if (t->fd < 0 || !t->curl || !set_options(t))
		return fail(t, TP_NOMEM, "There is not enough memory.");
	return TP_OK;
}

void tp_fetch(const struct tp_msg_fetch *asked, int trusted_fd, struct tp_msg_fetched *out,
	      int *body)
{
	struct transfer *t = calloc(1, sizeof(*t));
	enum tp_err err = TP_NOMEM;

	if (t) {
		t->asked = asked;
		t->out = out;
		t->fd = -1;
		err = start(t, trusted_fd);
		if (err == TP_OK)
			err = follow(t);
		if (err == TP_OK)
			err = finish(t, body);
		curl_easy_cleanup(t->curl);
		curl_slist_free_all(t->headers);
		free(t->trusted);
		if (t->fd >= 0)
			close(t->fd);
		free(t);
	}
	out->err = (uint8_t)err;
	tp_text_make_printable(out->text);
}
