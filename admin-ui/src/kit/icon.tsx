import sprite from './icons.svg?url';

/** One icon of the Lucide sprite (scripts/icons.mjs lists the names). Decorative: the control around it has the name. */
export function Icon(props: { name: string; size?: 's' | 'l'; class?: string }) {
  const size = props.size ? ` i-${props.size}` : '';
  return (
    <svg class={`i${size}${props.class ? ` ${props.class}` : ''}`} aria-hidden="true">
      <use href={`${sprite}#${props.name}`} />
    </svg>
  );
}

export function Logo() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <path class="lg-a" d="M17 3H7a4 4 0 0 0-4 4v18a4 4 0 0 0 4 4h10v-7h-6V10h6z" />
      <path class="lg-b" d="M19 3h6a4 4 0 0 1 4 4v18a4 4 0 0 1-4 4h-6v-9h-6v-8h6z" />
    </svg>
  );
}
