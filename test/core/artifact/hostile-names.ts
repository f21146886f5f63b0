/** Names that would be paths, schemes or escapes if anybody took them for such. */
export const HOSTILE_NAMES = [
  '../../../etc/passwd',
  '..\\..\\..\\windows\\system32\\config\\sam',
  '/etc/shadow',
  'C:\\Windows\\System32\\drivers\\etc\\hosts',
  'file:///etc/passwd',
  '%2e%2e%2f%2e%2e%2fetc%2fpasswd',
  '....//....//etc/passwd',
  'reports/../../../../etc/passwd',
] as const
