tp_layer(proto SEES core PKGS zlib)
