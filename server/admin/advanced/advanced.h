/* Advanced account security (rows 132-149): what the mode says, as far as the
 * configuration in force decides it. Any thread. Runs in turnpike-admin. */
#ifndef TP_ADMIN_ADVANCED_ADVANCED_H
#define TP_ADMIN_ADVANCED_ADVANCED_H

#include <stdbool.h>

#include "core/err.h"
#include "model/slice.h"

/* turnpike-access:access/advanced/classification/colour. */
enum tp_classification_colour {
	TP_COLOUR_GREEN = 0,
	TP_COLOUR_BLUE,
	TP_COLOUR_RED,
	TP_COLOUR_ORANGE,
	TP_COLOUR_YELLOW,
	TP_COLOUR_PURPLE,
	TP_COLOUR_WHITE,
	TP_COLOUR_BLACK,
	TP_COLOURS
};

struct tp_advanced;

/* The mode is off until tp_advanced_use. */
TP_NODISCARD enum tp_err tp_advanced_new(struct tp_advanced **out);
void tp_advanced_free(struct tp_advanced **advanced);
/* Puts settings in force. */
void tp_advanced_use(struct tp_advanced *advanced, const struct tp_cfg_advanced *settings);
/* A copy of what is in force; all zeros before there is a configuration. */
void tp_advanced_get(struct tp_advanced *advanced, struct tp_cfg_advanced *out);
/* Whether the appliance is in the mode. */
bool tp_advanced_is_on(struct tp_advanced *advanced);
/* Whether it is in the mode and this is the name of its emergency account, letter by letter. */
bool tp_advanced_is_emergency(struct tp_advanced *advanced, const char *account);
/* "green" and so on, as the model writes them. */
const char *tp_classification_colour_name(enum tp_classification_colour colour);

#endif
