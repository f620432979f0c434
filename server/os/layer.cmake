tp_layer(os SEES core PKGS libseccomp)
