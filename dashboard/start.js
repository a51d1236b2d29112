// Starts the app: a file of its own, because the page's policy allows no script in the page.
import start from './govc_dashboard.js';

await start();
