import { watch } from './entitlements.js';

watch();
