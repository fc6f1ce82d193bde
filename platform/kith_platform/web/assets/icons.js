// The icons pages may use: names from tabler.io/icons (outline). Add a name here and build; plugins choose from this list.
export default `
activity adjustments-horizontal affiliate alert-circle alert-triangle api apps arrow-back-up arrow-down-right arrow-left
arrow-right arrow-up-right arrows-sort ban barcode bell bolt bookmark brain building building-bank building-factory
building-store bulb cake calendar cash chart-arrows-vertical chart-bar chart-dots chart-histogram chart-line chart-pie check
checkup-list chevron-down chevron-left chevron-right chevron-up circle-check circle-dashed circle-x clipboard-list clock
cloud-upload coin columns copy credit-card crown database device-mobile discount door-exit dots dots-vertical download edit
external-link eye eye-off file-import file-spreadsheet file-text filter flag folder gauge gift git-merge heart headset
help-circle hierarchy history home hourglass id info-circle key language lifebuoy link list list-check loader lock login logout
mail map-pin math-function menu-2 message message-circle minus mood-happy mood-sad notes package pencil phone-call plant
player-play player-stop plus point puzzle qrcode receipt refresh report-analytics report-money robot rocket scale school search
selector send settings shield shield-check shopping-bag shopping-cart sitemap sort-ascending sort-descending sparkles speakerphone
stack-2 star switch-horizontal table tag tags target-arrow terminal thumb-down thumb-up ticket trash trending-down trending-up
truck upload user user-check user-plus user-x users users-group users-plus wallet wand webhook world x zoom-in
`.trim().split(/\s+/);
