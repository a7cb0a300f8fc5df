import { defineConfig, type Plugin } from 'vite';

/* While developing, every page address answers one of the two entries, as the server does. */
function entries(): Plugin {
  return {
    name: 'mortise-entries',
    configureServer(server) {
      server.middlewares.use((req, _res, next) => {
        const path = (req.url ?? '/').split('?')[0] ?? '/';
        const page = !/^\/(api|assets|src|node_modules|@|healthz)/.test(path) && !/\.\w+$/.test(path);
        if (page) req.url = path.startsWith('/admin') ? '/admin.html' : '/app.html';
        next();
      });
    },
  };
}

export default defineConfig({
  plugins: [entries()],
  appType: 'custom',
  build: {
    outDir: '../build/ui',
    emptyOutDir: true,
    manifest: true,
    chunkSizeWarningLimit: 700,
    target: ['chrome94', 'safari15.4', 'firefox100'],
    assetsInlineLimit: 0, // the CSP lets nothing inline in
    modulePreload: { polyfill: false },
    rolldownOptions: { input: { app: 'app.html', admin: 'admin.html' } },
  },
  server: {
    proxy: { '/api': process.env.MORTISE_URL ?? 'http://127.0.0.1:8080' },
  },
  test: { environment: 'happy-dom', include: ['tests/**/*.test.{ts,tsx}'] },
} as Parameters<typeof defineConfig>[0]);
