/* The list for those who run firewalls: every port that a configuration opens or
 * dials. Runs in turnpike-admin and in the tool that writes docs/ports.md. */
#ifndef TP_MODEL_PORTS_H
#define TP_MODEL_PORTS_H

#include "model/model.h"

struct tp_port {
	const char *protocol; /* "TCP", "UDP" */
	bool outward;	      /* opened by this appliance towards `peer` */
	char address[256];    /* local address; outward: where to */
	char port[32];	      /* "5061", "36002-59999" */
	char service[160];
	char peer[160]; /* who is at the other end */
};

/* In the order of the tree: inward ones first. */
void tp_tree_each_port(const struct tp_tree *tree,
		       void (*each)(void *arg, const struct tp_port *port), void *arg);

#endif
