tp_layer(supervisor SEES ipc slice audit os core PKGS libcrypto libseccomp EXCLUDE "/main\\.c$")
tp_program(turnpiked supervisor main.c)
