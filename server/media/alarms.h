/* Alarms of media: ports running short, the hop's ports not to be had. Told to admin
 * on change, and again to an admin that was started again. */
#ifndef TP_MEDIA_ALARMS_H
#define TP_MEDIA_ALARMS_H

#include "media/media.h"

enum tp_media_alarm {
	TP_MEDIA_ALARM_PORTS_SHORT = 15010, /* subject: "media ports" */
	TP_MEDIA_ALARM_HOP_PORTS = 15011,   /* subject: zone */
};

/* Looks at both; each tick. */
void tp_alarms_tick(struct tp_media *m);
/* A new admin knows of none. */
void tp_alarms_tell_again(struct tp_media *m);
/* A link goes: so does its alarm. */
void tp_alarms_forget_link(struct tp_link *link);

#endif
