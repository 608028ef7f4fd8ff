package com.example.worker;

import kuflow.worker.KuFlowWorker;
import org.springframework.boot.autoconfigure.SpringBootApplication;

@SpringBootApplication
public class WorkerApplication {

    public static void main(String[] args) {
        KuFlowWorker.run(WorkerApplication.class, args);
    }
}
