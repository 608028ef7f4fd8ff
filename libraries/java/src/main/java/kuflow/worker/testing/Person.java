package kuflow.worker.testing;

import java.util.List;
import java.util.Map;

/** What a person does with an open task: enter data, cancel the task, or leave it open until the worker checks it again. */
@FunctionalInterface
public interface Person {

    /** Data that the person enters, or something else to do. */
    sealed interface Answer {
        record Data(Map<String, Object> data) implements Answer {}

        record Cancel() implements Answer {}

        /** The task stays open until the worker checks it again. */
        record Wait() implements Answer {}
    }

    /** @param logs the lines in the logs of all tasks so far */
    Answer answer(String code, List<TaskLog> logs);

    /** An entry in a task log. */
    record TaskLog(String code, String level, String message) {}

    static Answer enter(Map<String, Object> data) {
        return new Answer.Data(data);
    }

    static Answer cancel() {
        return new Answer.Cancel();
    }

    static Answer leave() {
        return new Answer.Wait();
    }

    /** A person who enters data by the code of the task. */
    static Person entering(Map<String, Map<String, Object>> dataByCode) {
        return (code, logs) -> enter(dataByCode.getOrDefault(code, Map.of()));
    }
}
