# The libyang part of the model; slice*.c is a library of its own that network processes link.
tp_layer(model SEES core os ipc tls PKGS libyang jansson libpcre2-8 EXCLUDE "/slice[^/]*\\.c$")
file(GLOB tp_yang CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/db/yang/*.yang)
set_source_files_properties(${CMAKE_CURRENT_SOURCE_DIR}/model/yang.c PROPERTIES
	COMPILE_DEFINITIONS "TP_YANG_DIR=\"${CMAKE_SOURCE_DIR}/db/yang\"" OBJECT_DEPENDS "${tp_yang}")
