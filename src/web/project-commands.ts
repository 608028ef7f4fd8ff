const { kuflow = 'npx kuflow', worker = 'npm run dev' } = document.documentElement.dataset;

/** How `kuflow` is called in the folder of the local KuFlow, which adds it to the page of the console. */
export const KUFLOW = kuflow;

/** Starts the worker with the environment of the local KuFlow. */
export const WORKER_COMMAND = worker;
