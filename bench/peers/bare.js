/** Axios alone: what every other figure is to be seen against. */
export function attach() {}
