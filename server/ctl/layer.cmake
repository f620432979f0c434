tp_layer(ctl SEES core PKGS libcurl jansson EXCLUDE "/main\\.c$")
tp_program(turnpikectl ctl main.c)
