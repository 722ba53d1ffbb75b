module overlaycheck

go 1.26
