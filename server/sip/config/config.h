/* One configuration revision as the SIP process uses it: the decoded slice, compiled
 * rules, TLS contexts, and the listeners being prepared. Used by sip. */
#ifndef TP_SIP_CONFIG_CONFIG_H
#define TP_SIP_CONFIG_CONFIG_H

#include "core/map.h"
#include "model/slice.h"
#include "route/route.h"
#include "sip/context.h"

/* Listener tags: the zone's id for a traversal server's port; this, above all ids, for
 * the port where a certificate tells the zone; 0 for the others. */
#define TP_SIP_TAG_MUTUAL (UINT64_C(1) << 32)

struct tp_sip_account {
	struct tp_map_node node; /* by lower-case name */
	char key[128];
	const struct tp_cfg_account *cfg;
};

struct tp_sip_config {
	const struct tp_slice *slice;
	struct tp_cfg_sip cfg;
	struct tp_route *route;
	struct tp_tls_context *tls_server; /* phones and neighbors that come to us */
	struct tp_tls_context *tls_mutual; /* the same where a certificate is required */
	struct tp_tls_context *tls_link_server; /* traversal links that come to us: reports the verdict */
	struct tp_tls_context *tls_link_client; /* traversal links that we make: reports the verdict */
	struct tp_tls_context *tls_verify; /* to neighbors whose certificate is checked */
	struct tp_tls_context *tls_any;    /* to neighbors whose certificate is not */
	struct tp_tls_context **zone_tls;  /* by the zones of cfg: one that shows the zone's own client
	                                    * identity; NULL: one of the above serves */
	struct tp_revocation *revocation;  /* borrowed; asked by the contexts */
	struct tp_listeners *listeners;    /* until commit */
	struct tp_map accounts;
	struct tp_sip_account *account_rows;
};

/* Builds a revision beside the live one, opening new listeners. diag->where is the
 * setting that is refused. */
TP_NODISCARD enum tp_err tp_sip_config_new(struct tp_sip *sip, const struct tp_slice *slice,
					   struct tp_sip_config **out, struct tp_diag *diag);
/* Also drops listeners that were not committed. */
void tp_sip_config_free(struct tp_sip_config **config);

const struct tp_cfg_zone *tp_sip_config_zone(const struct tp_sip_config *config, uint32_t id);
const struct tp_cfg_zone *tp_sip_config_zone_named(const struct tp_sip_config *config, const char *name);
/* The zone's name; "default" for 0, "?" for one that is gone. */
const char *tp_sip_config_zone_name(const struct tp_sip_config *config, uint32_t id);
/* What connections to the zone's peers are made with; NULL without a certificate. */
struct tp_tls_context *tp_sip_config_dialling(const struct tp_sip_config *config,
					      const struct tp_cfg_zone *zone);
/* Case is ignored. NULL when there is none. */
const struct tp_cfg_account *tp_sip_config_account(const struct tp_sip_config *config, const char *name);
const struct tp_secret *tp_sip_config_password(const struct tp_sip_config *config, uint16_t number);
/* The digest realm of registrations and calls. */
const char *tp_sip_config_realm(const struct tp_sip_config *config);
/* Whether the host of a URI is one of the configured SIP domains. */
bool tp_sip_config_is_domain(const struct tp_sip_config *config, const char *host);
/* Whether the host (IPv6 in brackets) is this appliance: its name or one of its
 * addresses, own or advertised. */
bool tp_sip_config_is_self(const struct tp_sip_config *config, const char *host);
/* The network that has this address (port ignored); NULL when none. */
const struct tp_cfg_network *tp_sip_config_network(const struct tp_sip_config *config,
						   const struct tp_addr *address);

#endif
