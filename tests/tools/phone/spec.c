/* The command line's --phone and --call: comma-separated key=value. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "phone.h"

static bool set_text(char *out, size_t size, const char *value)
{
	return (size_t)snprintf(out, size, "%s", value) < size;
}

/* "192.0.2.1:5060" or "[2001:db8::1]:5060" */
static bool parse_server(const char *value, struct sockaddr_storage *out)
{
	char host[64];
	const char *colon = strrchr(value, ':');
	bool v6 = value[0] == '[';
	if (!colon)
		return false;
	const char *start = value + v6;
	size_t len = (size_t)(colon - v6 - start);
	if (len >= sizeof(host))
		return false;
	memcpy(host, start, len);
	host[len] = 0;
	uint16_t port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
	memset(out, 0, sizeof(*out));
	if (v6) {
		struct sockaddr_in6 *a = (struct sockaddr_in6 *)out;
		a->sin6_family = AF_INET6;
		a->sin6_port = port;
		return inet_pton(AF_INET6, host, &a->sin6_addr) == 1;
	}
	struct sockaddr_in *a = (struct sockaddr_in *)out;
	a->sin_family = AF_INET;
	a->sin_port = port;
	return inet_pton(AF_INET, host, &a->sin_addr) == 1;
}

static bool parse_transport(const char *value, enum wire_kind *out)
{
	for (int i = WIRE_UDP; i <= WIRE_TLS; i++)
		if (!strcasecmp(value, wire_name((enum wire_kind)i))) {
			*out = (enum wire_kind)i;
			return true;
		}
	return false;
}

static bool set_phone_key(struct phone_spec *s, const char *key, const char *value)
{
	const struct {
		const char *key;
		char *out;
		size_t size;
	} texts[] = {
		{ "name", s->name, sizeof(s->name) },
		{ "user", s->user, sizeof(s->user) },
		{ "password", s->password, sizeof(s->password) },
		{ "domain", s->domain, sizeof(s->domain) },
		{ "bind", s->bind, sizeof(s->bind) },
		{ "netns", s->netns, sizeof(s->netns) },
		{ "ca", s->ca_file, sizeof(s->ca_file) },
		{ "tls-name", s->tls_name, sizeof(s->tls_name) },
		{ "digest", s->digest, sizeof(s->digest) },
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!strcmp(key, texts[i].key))
			return set_text(texts[i].out, texts[i].size, value);
	if (!strcmp(key, "server"))
		return parse_server(value, &s->server);
	if (!strcmp(key, "transport"))
		return parse_transport(value, &s->transport);
	if (!strcmp(key, "srtp"))
		return media_suite_find(value, strlen(value), &s->suite);
	if (!strcmp(key, "register"))
		s->registers = !strcmp(value, "yes");
	else if (!strcmp(key, "port"))
		s->port = (uint16_t)strtoul(value, NULL, 10);
	else if (!strcmp(key, "answer"))
		s->answer = (uint16_t)strtoul(value, NULL, 10);
	else if (!strcmp(key, "ring-ms"))
		s->ring_ms = (uint32_t)strtoul(value, NULL, 10);
	else
		return false;
	return true;
}

bool spec_parse_phone(const char *text, struct phone_spec *out)
{
	struct phone_spec s = { .registers = true, .answer = 200 };
	char *copy = strdup(text), *rest = copy, *part;
	bool good = true;
	while (good && (part = strsep(&rest, ","))) {
		char *equals = strchr(part, '=');
		if (!equals) {
			good = false;
			break;
		}
		*equals = 0;
		good = set_phone_key(&s, part, equals + 1);
		if (!good)
			fprintf(stderr, "tp-phone: cannot use %s=%s\n", part, equals + 1);
	}
	free(copy);
	if (!s.name[0] || !s.bind[0] || !s.domain[0] || s.server.ss_family == AF_UNSPEC)
		good = false;
	if (!s.user[0])
		set_text(s.user, sizeof(s.user), s.name);
	if (good)
		*out = s;
	return good;
}

static struct phone *find_phone(struct app *app, const char *name)
{
	for (size_t i = 0; i < app->phone_count; i++)
		if (!strcmp(app->phones[i].spec.name, name))
			return &app->phones[i];
	return NULL;
}

/* FROM:TO[,uri=URI][,count=N][,rate=R][,seconds=S][,concurrent=N]; without uri the
 * other phone's address of record. */
bool spec_parse_call(struct app *app, const char *text, struct script *out)
{
	struct script s = { .count = 1, .rate = 10, .seconds = 3 };
	char *copy = strdup(text), *rest = copy, *part = strsep(&rest, ",");
	char *colon = strchr(part, ':');
	bool good = colon != NULL;
	if (good) {
		*colon = 0;
		s.from = find_phone(app, part);
		s.to = find_phone(app, colon + 1);
		good = s.from != NULL;
	}
	while (good && (part = strsep(&rest, ","))) {
		if (!strncmp(part, "uri=", 4))
			good = set_text(s.uri, sizeof(s.uri), part + 4);
		else if (!strncmp(part, "count=", 6))
			s.count = (uint32_t)strtoul(part + 6, NULL, 10);
		else if (!strncmp(part, "rate=", 5))
			s.rate = strtod(part + 5, NULL);
		else if (!strncmp(part, "seconds=", 8))
			s.seconds = strtod(part + 8, NULL);
		else if (!strncmp(part, "concurrent=", 11))
			s.concurrent = (uint32_t)strtoul(part + 11, NULL, 10);
		else
			good = false;
	}
	free(copy);
	if (good && !s.uri[0] && s.to)
		snprintf(s.uri, sizeof(s.uri), "sip:%s@%s", s.to->spec.user, s.to->spec.domain);
	good = good && s.uri[0] && s.rate > 0;
	if (good)
		*out = s;
	return good;
}
