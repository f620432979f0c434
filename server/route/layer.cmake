tp_layer(route SEES slice core PKGS libpcre2-8)
