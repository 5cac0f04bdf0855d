"""Names trusted in pickles (stable_baselines3). Written by tools/trust/generate.py: change that instead."""

CALL: dict[str, str] = {
    "stable_baselines3.common.type_aliases": "TrainFrequencyUnit",
    "stable_baselines3.her.goal_selection_strategy": "GoalSelectionStrategy",
}
CONSTRUCT: dict[str, str] = {
    "stable_baselines3.a2c.a2c": "A2C",
    "stable_baselines3.common.atari_wrappers": (
        "AtariWrapper ClipRewardEnv EpisodicLifeEnv FireResetEnv MaxAndSkipEnv NoopResetEnv StickyActionEnv WarpFrame"
    ),
    "stable_baselines3.common.base_class": "BaseAlgorithm",
    "stable_baselines3.common.buffers": (
        "BaseBuffer DictReplayBuffer=no-items DictRolloutBuffer=no-items NStepReplayBuffer=no-items "
        "ReplayBuffer=no-items RolloutBuffer=no-items"
    ),
    "stable_baselines3.common.distributions": (
        "BernoulliDistribution CategoricalDistribution DiagGaussianDistribution Distribution "
        "MultiCategoricalDistribution SquashedDiagGaussianDistribution StateDependentNoiseDistribution TanhBijector"
    ),
    "stable_baselines3.common.envs.bit_flipping_env": "BitFlippingEnv",
    "stable_baselines3.common.envs.identity_env": (
        "FakeImageEnv IdentityEnv IdentityEnvBox IdentityEnvMultiBinary IdentityEnvMultiDiscrete"
    ),
    "stable_baselines3.common.envs.multi_input_envs": "SimpleMultiObsEnv",
    "stable_baselines3.common.noise": "ActionNoise NormalActionNoise OrnsteinUhlenbeckActionNoise",
    "stable_baselines3.common.off_policy_algorithm": "OffPolicyAlgorithm",
    "stable_baselines3.common.on_policy_algorithm": "OnPolicyAlgorithm",
    "stable_baselines3.common.policies": (
        "ActorCriticCnnPolicy ActorCriticPolicy BaseModel BasePolicy ContinuousCritic MultiInputActorCriticPolicy"
    ),
    "stable_baselines3.common.running_mean_std": "RunningMeanStd",
    "stable_baselines3.common.sb2_compat.rmsprop_tf_like": "RMSpropTFLike",
    "stable_baselines3.common.torch_layers": (
        "BaseFeaturesExtractor CombinedExtractor FlattenExtractor MlpExtractor NatureCNN"
    ),
    "stable_baselines3.common.type_aliases": (
        "DictReplayBufferSamples DictRolloutBufferSamples PolicyPredictor ReplayBufferSamples RolloutBufferSamples "
        "RolloutReturn TrainFreq"
    ),
    "stable_baselines3.common.utils": "ConstantSchedule FloatSchedule LinearSchedule",
    "stable_baselines3.common.vec_env.base_vec_env": "VecEnv VecEnvWrapper",
    "stable_baselines3.common.vec_env.dummy_vec_env": "DummyVecEnv",
    "stable_baselines3.common.vec_env.stacked_observations": "StackedObservations",
    "stable_baselines3.common.vec_env.vec_check_nan": "VecCheckNan",
    "stable_baselines3.common.vec_env.vec_extract_dict_obs": "VecExtractDictObs",
    "stable_baselines3.common.vec_env.vec_frame_stack": "VecFrameStack",
    "stable_baselines3.common.vec_env.vec_normalize": "VecNormalize",
    "stable_baselines3.common.vec_env.vec_transpose": "VecTransposeImage",
    "stable_baselines3.common.vec_env.vec_video_recorder": "VecVideoRecorder",
    "stable_baselines3.ddpg.ddpg": "DDPG",
    "stable_baselines3.dqn.dqn": "DQN",
    "stable_baselines3.dqn.policies": "CnnPolicy DQNPolicy MultiInputPolicy QNetwork",
    "stable_baselines3.her.her_replay_buffer": "HerReplayBuffer=no-items",
    "stable_baselines3.ppo.ppo": "PPO",
    "stable_baselines3.sac.policies": "Actor CnnPolicy MultiInputPolicy SACPolicy",
    "stable_baselines3.sac.sac": "SAC",
    "stable_baselines3.td3.policies": "Actor CnnPolicy MultiInputPolicy TD3Policy",
    "stable_baselines3.td3.td3": "TD3",
}
