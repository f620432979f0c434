/* The embedded YANG modules: read-only data, put in by the assembler. */
#include "model/yang.h"

#define YANG(symbol, file)                                                                         \
	__asm__(".pushsection .rodata, \"a\", @progbits\n"                                         \
		".global tp_yang_" #symbol "\n"                                                    \
		"tp_yang_" #symbol ":\n"                                                           \
		".incbin \"" TP_YANG_DIR "/turnpike-" file ".yang\"\n"                             \
		".byte 0\n"                                                                        \
		".popsection\n");                                                                  \
	extern const char tp_yang_##symbol[];

YANG(ui, "ui")
YANG(system, "system")
YANG(tls, "tls")
YANG(sip, "sip")
YANG(zone, "zone")
YANG(search, "search")
YANG(media, "media")
YANG(access, "access")
YANG(log, "log")

const struct tp_yang_module tp_yang_modules[] = {
	{"turnpike-ui", tp_yang_ui},	   {"turnpike-system", tp_yang_system},
	{"turnpike-tls", tp_yang_tls},	   {"turnpike-sip", tp_yang_sip},
	{"turnpike-zone", tp_yang_zone},   {"turnpike-search", tp_yang_search},
	{"turnpike-media", tp_yang_media}, {"turnpike-access", tp_yang_access},
	{"turnpike-log", tp_yang_log},
};
const size_t tp_yang_module_count = sizeof(tp_yang_modules) / sizeof(*tp_yang_modules);
