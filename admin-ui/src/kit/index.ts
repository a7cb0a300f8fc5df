/* The kit: controls that know nothing of apps. */
import './tokens.css';
import './kit.css';

export * from './bits';
export * from './button';
export * from './combo';
export * from './dialog';
export * from './field';
export * from './icon';
export * from './keys';
export * from './lazy';
export * from './media';
export * from './menu';
export * from './router';
export * from './theme';
