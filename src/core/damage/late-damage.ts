/** What is done where something is damaged, or may be: few databases ever need it, so it is loaded when one does. */
import { late } from '../late.ts'

export const damageCases = late('damage and repairs', () => import('./damage-cases.ts'))
