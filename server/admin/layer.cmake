# CivetWeb is compiled from Debian's source with our patches and without our warnings.
option(TP_WEBUI "build the browser application into turnpike-admin" ON)
set(tp_civetweb ${CMAKE_SOURCE_DIR}/build/third_party/civetweb)
execute_process(COMMAND ${CMAKE_SOURCE_DIR}/packaging/civetweb/get RESULT_VARIABLE tp_civetweb_failed)
if(tp_civetweb_failed)
	message(FATAL_ERROR "packaging/civetweb/get failed")
endif()
find_package(Threads REQUIRED)
pkg_check_modules(openssl REQUIRED IMPORTED_TARGET openssl)
add_library(civetweb STATIC ${tp_civetweb}/src/civetweb.c)
target_include_directories(civetweb SYSTEM PUBLIC ${tp_civetweb}/include)
target_compile_definitions(civetweb PRIVATE OPENSSL_API_3_0 NO_SSL_DL USE_IPV6 USE_SERVER_STATS
	NO_CGI NO_FILES USE_STACK_SIZE=1048576 SOCKET_TIMEOUT_QUANTUM=500)
target_compile_options(civetweb PRIVATE -w -fPIE -fstack-protector-strong -fstack-clash-protection
	-fcf-protection -fno-strict-aliasing -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
if(TP_SANITIZE)
	target_compile_options(civetweb PRIVATE -fsanitize=address -fno-omit-frame-pointer)
endif()
target_link_libraries(civetweb PRIVATE PkgConfig::openssl Threads::Threads)

tp_layer(admin SEES slice model tls ipc audit os core PKGS jansson libpcre2-8 openssl sqlite3 zlib LIBS civetweb
	EXCLUDE "/main\\.c$")
file(GLOB tp_sql CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/db/sql/*.sql)
set_source_files_properties(${CMAKE_CURRENT_SOURCE_DIR}/admin/store/migrations.c PROPERTIES
	COMPILE_DEFINITIONS "TP_SQL_DIR=\"${CMAKE_SOURCE_DIR}/db/sql\"" OBJECT_DEPENDS "${tp_sql}")
set_source_files_properties(${CMAKE_CURRENT_SOURCE_DIR}/admin/trust/bundle.c PROPERTIES
	COMPILE_DEFINITIONS "TP_CERTS_DIR=\"${CMAKE_SOURCE_DIR}/certs\""
	OBJECT_DEPENDS "${CMAKE_SOURCE_DIR}/certs/default-trust.pem")

# The browser application, or none.
set(tp_ui ${CMAKE_BINARY_DIR}/webui/ui_files.c)
if(TP_WEBUI)
	file(GLOB_RECURSE tp_ui_inputs CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/webui/dist/*)
	add_custom_command(OUTPUT ${tp_ui}
		COMMAND ${CMAKE_COMMAND} -DDIST=${CMAKE_SOURCE_DIR}/webui/dist -DOUT=${tp_ui}
			-DWORK=${CMAKE_BINARY_DIR}/webui/gzip
			-P ${CMAKE_CURRENT_SOURCE_DIR}/admin/http/embed.cmake
		DEPENDS ${tp_ui_inputs} ${CMAKE_CURRENT_SOURCE_DIR}/admin/http/embed.cmake
		COMMENT "Embedding the browser application" VERBATIM)
else()
	file(CONFIGURE OUTPUT ${tp_ui} CONTENT [[
#include "admin/http/files.h"

const struct tp_ui_file *tp_ui_files(size_t *count)
{
	*count = 0;
	return NULL;
}
]])
endif()
target_sources(tp_admin PRIVATE ${tp_ui})

tp_program(turnpike-admin admin main.c)
