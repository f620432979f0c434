/* Requests over the administration socket. Runs in turnpikectl. */
#include "ctl/api.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/print.h"

enum { ANSWER_MAX = 64 << 20 };

static size_t take(char *bytes, size_t size, size_t count, void *arg)
{
	struct tp_ctl_answer *answer = arg;
	size_t len = size * count;
	char *grown;

	if (answer->len + len > ANSWER_MAX)
		return 0;
	grown = realloc(answer->text, answer->len + len + 1);
	if (!grown)
		return 0;
	memcpy(grown + answer->len, bytes, len);
	answer->text = grown;
	answer->len += len;
	grown[answer->len] = '\0';
	return len;
}

static void fail(struct tp_ctl_answer *out, const char *why)
{
	free(out->text);
	out->status = 0;
	out->text = strdup(why);
	out->len = out->text ? strlen(out->text) : 0;
}

static void set_options(CURL *curl, const struct tp_ctl *ctl, const char *method, const char *url,
			const char *body, size_t len, struct curl_slist *headers,
			struct tp_ctl_answer *out)
{
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, ctl->socket_path);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, out);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, 120L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	if (body) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	}
}

void tp_ctl_request(const struct tp_ctl *ctl, const char *method, const char *path, const char *body,
		    size_t len, struct tp_ctl_answer *out)
{
	CURL *curl = curl_easy_init();
	struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/yang-data+json");
	size_t url_size = strlen(path) + sizeof("http://localhost");
	char *url = malloc(url_size);
	CURLcode code = CURLE_OUT_OF_MEMORY;

	memset(out, 0, sizeof(*out));
	if (curl && headers && url) {
		snprintf(url, url_size, "http://localhost%s", path);
		set_options(curl, ctl, method, url, body, len, headers, out);
		code = curl_easy_perform(curl);
	}
	if (code == CURLE_OK)
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &out->status);
	else
		fail(out, curl_easy_strerror(code));
	if (code == CURLE_OK && out->text)
		out->json = json_loadb(out->text, out->len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
	free(url);
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
}

void tp_ctl_answer_fini(struct tp_ctl_answer *answer)
{
	json_decref(answer->json);
	free(answer->text);
	memset(answer, 0, sizeof(*answer));
}

int tp_ctl_check(const struct tp_ctl *ctl, const struct tp_ctl_answer *answer)
{
	json_t *errors = json_object_get(json_object_get(answer->json, "ietf-restconf:errors"), "error");
	json_t *error;
	size_t i;

	if (answer->status >= 200 && answer->status < 300)
		return 0;
	if (answer->status == 0) {
		fprintf(stderr, "turnpikectl: no answer at %s: %s\n", ctl->socket_path,
			answer->text ? answer->text : "");
		return 2;
	}
	if (!json_array_size(errors))
		fprintf(stderr, "turnpikectl: status %ld\n", answer->status);
	json_array_foreach(errors, i, error) {
		const char *path = json_string_value(json_object_get(error, "error-path"));
		const char *text = json_string_value(json_object_get(error, "error-message"));

		fputs("turnpikectl: ", stderr);
		if (path) {
			tp_ctl_put_text(stderr, path);
			fputs(": ", stderr);
		}
		tp_ctl_put_text(stderr, text ? text : "refused");
		fputc('\n', stderr);
	}
	return 1;
}
