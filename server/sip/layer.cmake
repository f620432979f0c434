# Messages, transports and transactions are a library of their own, which knows
# nothing of zones, dialogs and registrations; the layer `sip` stands on it.
file(GLOB sipbase_sources CONFIGURE_DEPENDS
	${CMAKE_CURRENT_SOURCE_DIR}/sip/msg/*.c
	${CMAKE_CURRENT_SOURCE_DIR}/sip/transport/*.c
	${CMAKE_CURRENT_SOURCE_DIR}/sip/transaction/*.c)
set(sipbase_view ${CMAKE_BINARY_DIR}/include/sipbase)
file(MAKE_DIRECTORY ${sipbase_view})
add_library(tp_sipbase STATIC ${sipbase_sources})
foreach(seen sip tls ipc os core)
	file(CREATE_LINK ${CMAKE_SOURCE_DIR}/server/${seen} ${sipbase_view}/${seen} SYMBOLIC)
endforeach()
pkg_check_modules(sofia_sip_ua REQUIRED IMPORTED_TARGET sofia-sip-ua)
target_include_directories(tp_sipbase PRIVATE ${sipbase_view})
target_link_libraries(tp_sipbase PRIVATE tp_flags PkgConfig::sofia_sip_ua
	PUBLIC tp_tls tp_ipc tp_os tp_core)

tp_layer(sip SEES route tls slice ipc proto os core PKGS openssl LIBS tp_sipbase
	EXCLUDE "/main\\.c$" "/sip/(msg|transport|transaction)/")
if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/sip/main.c)
	tp_program(turnpike-sip sip main.c)
endif()
