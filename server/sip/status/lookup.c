/* Admin's questions whether a host name has an address. Used by sip. */
#include "sip/status/lookup.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sip/zone/resolve.h"

struct tp_lookups {
	struct {
		bool asked;
		uint32_t request;
		char host[TP_RESOLVE_HOST_MAX + 1];
	} list[TP_LOOKUPS_MAX];
};

enum tp_err tp_lookups_new(struct tp_lookups **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? TP_OK : TP_NOMEM;
}

void tp_lookups_free(struct tp_lookups **lookups)
{
	free(*lookups);
	*lookups = NULL;
}

void tp_lookups_forget(struct tp_sip *sip)
{
	memset(sip->lookups, 0, sizeof(*sip->lookups));
}

static enum tp_err answer(struct tp_sip *sip, uint32_t request, const struct tp_addr *address,
			  const char *reason)
{
	struct tp_channel *admin = tp_child_peer(sip->child, TP_PROCESS_ADMIN);
	struct tp_msg_name_found out = { 0 };

	if (address)
		out.address = *address;
	tp_text_copy(out.reason, sizeof(out.reason), reason);
	return admin ? TP_CHANNEL_SEND(admin, name_found, request, &out) : TP_CLOSED;
}

enum tp_err tp_lookup_start(struct tp_sip *sip, uint32_t request, const struct tp_msg_name_lookup *m)
{
	struct tp_lookups *all = sip->lookups;
	size_t i = 0;

	while (i < TP_LOOKUPS_MAX && all->list[i].asked)
		i++;
	if (i == TP_LOOKUPS_MAX || tp_resolver_ask(sip->resolver, m->host) != TP_OK)
		return answer(sip, request, NULL, "too many names are being looked up");
	all->list[i].asked = true;
	all->list[i].request = request;
	tp_text_copy(all->list[i].host, sizeof(all->list[i].host), m->host);
	return TP_OK;
}

void tp_lookup_resolved(struct tp_sip *sip, const char *host, const struct tp_addr *address,
			const char *reason)
{
	struct tp_lookups *all = sip->lookups;

	for (size_t i = 0; i < TP_LOOKUPS_MAX; i++) {
		if (!all->list[i].asked || strcasecmp(all->list[i].host, host) != 0)
			continue;
		all->list[i].asked = false;
		/* Admin may be gone: it asks again. */
		(void)answer(sip, all->list[i].request, tp_addr_is_set(address) ? address : NULL,
			     tp_addr_is_set(address) ? "" : reason);
	}
}
