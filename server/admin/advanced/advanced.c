/* Settings of advanced account security in force. Runs in turnpike-admin. */
#include "admin/advanced/advanced.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct tp_advanced {
	pthread_mutex_t lock; /* guards what follows */
	struct tp_cfg_advanced settings;
};

static const char *const colours[TP_COLOURS] = {
	[TP_COLOUR_GREEN] = "green",   [TP_COLOUR_BLUE] = "blue",     [TP_COLOUR_RED] = "red",
	[TP_COLOUR_ORANGE] = "orange", [TP_COLOUR_YELLOW] = "yellow", [TP_COLOUR_PURPLE] = "purple",
	[TP_COLOUR_WHITE] = "white",   [TP_COLOUR_BLACK] = "black",
};

enum tp_err tp_advanced_new(struct tp_advanced **out)
{
	struct tp_advanced *a = calloc(1, sizeof(*a));

	if (!a)
		return TP_NOMEM;
	pthread_mutex_init(&a->lock, NULL);
	*out = a;
	return TP_OK;
}

void tp_advanced_free(struct tp_advanced **advanced)
{
	if (!*advanced)
		return;
	pthread_mutex_destroy(&(*advanced)->lock);
	free(*advanced);
	*advanced = NULL;
}

void tp_advanced_use(struct tp_advanced *a, const struct tp_cfg_advanced *settings)
{
	pthread_mutex_lock(&a->lock);
	a->settings = *settings;
	pthread_mutex_unlock(&a->lock);
}

void tp_advanced_get(struct tp_advanced *a, struct tp_cfg_advanced *out)
{
	pthread_mutex_lock(&a->lock);
	*out = a->settings;
	pthread_mutex_unlock(&a->lock);
}

bool tp_advanced_is_on(struct tp_advanced *a)
{
	struct tp_cfg_advanced settings;

	tp_advanced_get(a, &settings);
	return settings.enabled;
}

bool tp_advanced_is_emergency(struct tp_advanced *a, const char *account)
{
	struct tp_cfg_advanced settings;

	tp_advanced_get(a, &settings);
	return settings.enabled && !strcmp(settings.emergency_account, account);
}

const char *tp_classification_colour_name(enum tp_classification_colour colour)
{
	return colours[colour];
}
