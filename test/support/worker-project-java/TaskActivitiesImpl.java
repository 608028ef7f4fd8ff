package com.example.worker.trial;

import com.example.worker.loan.LoanTypes.CheckCreditData;
import io.temporal.activity.Activity;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.UUID;
import kuflow.worker.KuFlowClient;
import kuflow.worker.RestError;
import kuflow.worker.model.KuFlowFile;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

// Added to a generated project by the end-to-end tests.
@Component
public class TaskActivitiesImpl implements TaskActivities {

    private static final Logger LOGGER = LoggerFactory.getLogger(TaskActivitiesImpl.class);
    private static final int MEGABYTE = 1024 * 1024;

    private final KuFlowClient kuflow;

    public TaskActivitiesImpl(KuFlowClient kuflow) {
        this.kuflow = kuflow;
    }

    @Override
    public CheckCreditData scoreSecondTime(UUID processId) {
        boolean isFirst = Activity.getExecutionContext().getInfo().getAttempt() == 1;
        return isFirst
                ? CheckCreditData.builder().score(471147114711L).build()
                : CheckCreditData.builder()
                        .score(7L)
                        .decision(CheckCreditData.Decision.REVIEW)
                        .build();
    }

    @Override
    public Uploaded uploadContent(Content content) {
        return inFile("content.txt", file -> {
            byte[] bytes = new byte[content.megabytes() * MEGABYTE];
            byte[] line = (content.processId() + "\n").getBytes(StandardCharsets.UTF_8);
            for (int at = 0; at < bytes.length; at++) {
                bytes[at] = line[at % line.length];
            }
            Files.write(file, bytes);
            KuFlowFile document =
                    kuflow.documents().upload(file, content.processId(), "Übersicht; a=b.txt", "text/plain");
            return new Uploaded(document, sha256(bytes));
        });
    }

    @Override
    public String hashOfDocument(KuFlowFile document) {
        return inFile("document", file -> {
            kuflow.documents().download(document, file);
            return sha256(Files.readAllBytes(file));
        });
    }

    @Override
    public void ignoreCancellation() {
        LOGGER.info("Begun");
        while (true) {
            try {
                Thread.sleep(Long.MAX_VALUE);
            } catch (InterruptedException interrupted) {
                LOGGER.info("Asked to end");
            }
        }
    }

    @Override
    public int statusOfUnknownProcess() {
        try {
            kuflow.retrieveProcess(new UUID(0, 0));
            return 200;
        } catch (RestError rejected) {
            return rejected.status().orElse(0);
        }
    }

    interface Work<R> {
        R run(Path file) throws IOException;
    }

    static <R> R inFile(String name, Work<R> work) {
        try {
            Path folder = Files.createTempDirectory("kuflow-trial-");
            Path file = folder.resolve(name);
            try {
                return work.run(file);
            } finally {
                Files.deleteIfExists(file);
                Files.delete(folder);
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
