import * as holdfast from './index.js'

window.holdfast = holdfast
