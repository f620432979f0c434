/* What the configuration says about revocation lists. Runs in turnpike-admin. */
#include <stdlib.h>
#include <string.h>

#include "admin/config/inside.h"
#include "admin/revocation/inside.h"
#include "os/memfd.h"

#define AUTOMATIC "running/turnpike-tls:tls/revocation/crl/automatic"
#define IDENTITY "running/turnpike-tls:tls/identity"
#define TRUSTED "running/turnpike-tls:tls/trusted-ca"

static const char update_at_default[] = "03:00";

static void read_urls(const json_t *urls, struct tp_lists_settings *out)
{
	size_t i;
	json_t *url;

	json_array_foreach(urls, i, url)
		if (json_is_string(url) && out->url_count < TP_LISTS_URLS_MAX &&
		    tp_text_copy(out->urls[out->url_count], sizeof(out->urls[0]),
				 json_string_value(url)))
			out->url_count++;
}

static void read_hosts(const json_t *hosts, struct tp_lists_settings *out)
{
	size_t i;
	json_t *host;

	json_array_foreach(hosts, i, host)
		if (json_is_string(host) &&
		    out->host_count < sizeof(out->hosts) / sizeof(out->hosts[0]) &&
		    tp_text_copy(out->hosts[out->host_count].name, sizeof(out->hosts[0].name),
				 json_string_value(host)))
			out->host_count++;
}

/* Nothing set and nothing readable look the same; an identity is always set. */
static bool is_readable(struct tp_lists *lists)
{
	json_t *identity = tp_config_get(lists->config, IDENTITY, NULL);

	json_decref(identity);
	return identity != NULL;
}

bool tp_lists_read_settings(struct tp_lists *lists, struct tp_lists_settings *out)
{
	json_t *a;
	const char *at;

	memset(out, 0, sizeof(*out));
	if (!tp_config_ready(lists->config))
		return false;
	a = tp_config_get(lists->config, AUTOMATIC, NULL);
	if (!a && !is_readable(lists))
		return false;
	at = json_string_value(json_object_get(a, "update-at"));
	tp_text_copy(out->update_at, sizeof(out->update_at), at ? at : update_at_default);
	out->enabled = json_is_true(json_object_get(a, "enabled"));
	read_urls(json_object_get(a, "url"), out);
	read_hosts(json_object_get(a, "allow-host"), out);
	json_decref(a);
	return true;
}

/* One behind the other, each with an end of line. */
enum tp_err tp_lists_trusted(struct tp_lists *lists, int *fd)
{
	json_t *list = tp_config_get(lists->config, TRUSTED, NULL);
	char *all;
	size_t len = 0;
	size_t room = 0;
	size_t i;
	json_t *entry;
	enum tp_err err;

	json_array_foreach(list, i, entry)
		room += json_string_length(json_object_get(entry, "certificate")) + 1;
	all = malloc(room + 1);
	if (!all) {
		json_decref(list);
		return TP_NOMEM;
	}
	json_array_foreach(list, i, entry)
	{
		const json_t *pem = json_object_get(entry, "certificate");

		if (!json_is_string(pem))
			continue;
		memcpy(all + len, json_string_value(pem), json_string_length(pem));
		len += json_string_length(pem);
		all[len++] = '\n';
	}
	json_decref(list);
	err = tp_memfd_sealed("trusted", all, len, fd);
	free(all);
	return err;
}
