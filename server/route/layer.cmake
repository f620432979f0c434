tp_layer(route SEES model core PKGS libpcre2-8)
