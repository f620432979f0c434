tp_layer(media SEES proto ipc slice os core PKGS libsrtp2 libcrypto EXCLUDE "/main\\.c$")
if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/media/main.c)
	tp_program(turnpike-media media main.c)
endif()
