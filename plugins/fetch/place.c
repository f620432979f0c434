/* Where a request may go. Runs in turnpike-fetch. */
#include "place.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "os/sockaddr.h"
#include "proto/destination.h"

static enum tp_err read_own(struct tp_place *place)
{
	struct ifaddrs *list;
	enum tp_err err = TP_OK;

	if (getifaddrs(&list) < 0)
		return TP_IO;
	for (const struct ifaddrs *i = list; i && err == TP_OK; i = i->ifa_next) {
		struct sockaddr_storage ss = { 0 };
		socklen_t len = sizeof(struct sockaddr_in);
		struct tp_addr a;

		if (!i->ifa_addr ||
		    (i->ifa_addr->sa_family != AF_INET && i->ifa_addr->sa_family != AF_INET6))
			continue;
		if (i->ifa_addr->sa_family == AF_INET6)
			len = sizeof(struct sockaddr_in6);
		memcpy(&ss, i->ifa_addr, len);
		if (tp_sockaddr_to(&ss, len, &a) != TP_OK)
			continue;
		if (place->own_count == TP_PLACE_OWN_MAX)
			err = TP_LIMIT;
		else
			place->own[place->own_count++] = a;
	}
	freeifaddrs(list);
	return err;
}

enum tp_err tp_place_init(struct tp_place *place, const struct tp_msg_fetch *asked)
{
	memset(place, 0, sizeof(*place));
	place->private_allowed = asked->private_allowed;
	place->hosts = asked->allow_hosts;
	place->host_count = asked->allow_hosts_count;
	return read_own(place);
}

void tp_place_host(struct tp_place *place, const char *host)
{
	size_t len = strlen(host);

	place->any = false;
	place->refused[0] = '\0';
	/* An IPv6 address stands in brackets in a URL. */
	if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
		host++;
		len -= 2;
	}
	for (size_t i = 0; i < place->host_count; i++)
		if (strlen(place->hosts[i].name) == len &&
		    strncasecmp(place->hosts[i].name, host, len) == 0)
			place->any = true;
}

bool tp_place_allows(struct tp_place *place, const struct tp_addr *address)
{
	enum tp_destination d = tp_destination_of(address);
	const char *what = NULL;
	char text[TP_ADDR_IP_TEXT];

	if (place->any)
		return true;
	if (d != TP_DESTINATION_PUBLIC && !(d == TP_DESTINATION_PRIVATE && place->private_allowed))
		what = tp_destination_text(d);
	for (size_t i = 0; !what && i < place->own_count; i++)
		if (tp_addr_equal_ip(&place->own[i], address))
			what = "an address of this appliance";
	if (what)
		snprintf(place->refused, sizeof(place->refused),
			 "It leads to %s, %s, which is not allowed.",
			 tp_addr_write_ip(address, text), what);
	return !what;
}
